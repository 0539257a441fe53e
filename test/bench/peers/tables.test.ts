import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuBetween, secondsIn } from '../../../bench/peers/run-tool.ts';
import { Table } from '../../../bench/peers/table.ts';
import { gorText, vegetaText } from '../../../bench/peers/write-plan.ts';
import { withTable } from '../../../bench/peers/write-table.ts';
import { BenchUsage, benchOptions } from '../../../bench/shared/bench-options.ts';
import { emptyRecord } from '../../../src/trace/record/record.ts';

const DOCUMENT = `# Figures

<!-- peers cpu -->

| tool | version | GET |
|---|---|---|
| ours | 1.0 | 20 us |
| wrk | 4.1 | 5 us |

<!-- /peers cpu -->

<!-- peers rate -->
<!-- /peers rate -->
`;

test('a part that ran again replaces its columns, and what it did not measure stays', () => {
  const table = new Table();
  table.set('ours', 'version', '1.1');
  table.set('ours', 'POST', '30 us');
  table.set('hey', 'POST', '40 us');
  const written = withTable(DOCUMENT, 'cpu', table);
  assert.ok(
    written.includes(
      '| tool | version | GET | POST |\n|---|---|---|---|\n| ours | 1.1 | 20 us | 30 us |\n| wrk | 4.1 | 5 us |  |\n| hey |  |  | 40 us |\n',
    ),
    written,
  );
  assert.equal(withTable(written, 'cpu', table), written);
  assert.ok(written.endsWith('<!-- peers rate -->\n<!-- /peers rate -->\n'));
  assert.throws(() => withTable(DOCUMENT, 'memory', table), /no markers of memory/);
});

test('rows about the whole column stay below the tools that were added later', () => {
  const table = Table.of('| tool | GET |\n|---|---|\n| ours | 1 |\n| measured with | 3 rounds |');
  table.set('wrk', 'GET', '2');
  assert.ok(table.text.endsWith('| wrk | 2 |\n| measured with | 3 rounds |'), table.text);
});

test('CPU is read as the shell prints it, and between two moments by what was seen around them', () => {
  assert.equal(secondsIn('1m1.250s 0m0.500s'), 61.75);
  const looks = [
    { atS: 10, cpuSeconds: 1 },
    { atS: 11, cpuSeconds: 2 },
    { atS: 12, cpuSeconds: 2.5 },
  ];
  assert.equal(cpuBetween(looks, 10.5, 11.5), 0.75);
  assert.equal(cpuBetween(looks, 9, 20), 1.5);
});

test('recordings of other tools hold the same request', () => {
  const record = {
    ...emptyRecord(),
    ...{ method: 'POST', path: '/a?b=c', headers: ['host', 'x', 'accept', '*/*'], body: Buffer.from('{}') },
  };
  assert.equal(
    gorText(record, 10, 5),
    '1 00000000000000000000000a 1700000000000000005 0\nPOST /a?b=c HTTP/1.1\r\nhost: x\r\naccept: */*\r\nContent-Length: 2\r\n\r\n{}\n🐵🙈🙉\n',
  );
  assert.deepEqual(JSON.parse(vegetaText(record, 'http://127.0.0.1:1')), {
    ...{ method: 'POST', url: 'http://127.0.0.1:1/a?b=c', header: { accept: ['*/*'] }, body: 'e30=' },
  });
});

test('an option of a bench that is yes or no takes no value', () => {
  const table = { write: [false, ''], rounds: [2, ''] } as const;
  assert.deepEqual(benchOptions(['--write', '--rounds', '3'], table), { write: true, rounds: 3 });
  assert.deepEqual(benchOptions([], table), { write: false, rounds: 2 });
  assert.throws(() => benchOptions(['--rounds'], table), BenchUsage);
});
