import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { LogBlock } from '../../src/replay-log/log-block.ts';
import type { LogColumns } from '../../src/replay-log/log-columns.ts';
import { readReplayLog } from '../../src/replay-log/read-replay-log.ts';
import { emptyHeader, unknownOutcome } from '../../src/trace/record/record.ts';
import { NO_HINTS } from '../../src/trace/stats/plan-hints.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, type Run, sealedLog, writeLog } from './support.ts';

type Forge = (columns: LogColumns, block: LogBlock, row: number) => void;

const records = Array.from({ length: 120 }, (_, i) =>
  makeRecord(Math.floor(i / 10) * 100 * MS + (i % 10) * MS, {
    session: `s${i % 7}`,
    op: i % 3 ? 'recall' : 'remember',
    durationNs: (i % 5) * MS,
    path: `/${i}`,
    outcome: { ...unknownOutcome(), status: 200 },
  }),
);
const trace: Trace = {
  name: 'given',
  format: 'ndjson',
  header: emptyHeader(),
  index: undefined,
  hints: NO_HINTS,
  seekable: true,
  warnings: [],
  loss: emptyHeader().loss,
  async *records() {
    yield records;
  },
  close: async () => {},
};

let folder = '';
let run: Run;
before(async () => {
  folder = newFolder();
  run = await loggedRun(records, { timeoutNs: SECOND }, ({ path }) => {
    const i = Number(path.slice(1));
    if (i % 97 === 5) return { kind: 'hang' };
    return { kind: 'answer', afterNs: (2 + (i % 13)) * MS, ok: i % 29 !== 0 };
  });
});

/** The log with changed rows, hashed anew from front to back, and named by the document. */
async function forged(change: (blocks: LogBlock[]) => LogBlock[]) {
  const blocks: LogBlock[] = [];
  const { end } = await readReplayLog(await writeLog(folder, run.log), (block) => blocks.push(block));
  const { log, section } = await sealedLog(change(blocks), run.document, end?.anchorNs);
  return { path: await writeLog(folder, log), document: { ...run.document, replay_log: section } };
}

/** What verify finds, but for the digest of a plan that is made up here. */
async function found(
  { path, document }: Awaited<ReturnType<typeof forged>>,
  withTrace: boolean,
): Promise<string[]> {
  const { checks, logDamage } = await verifyReplay(path, document, withTrace ? trace : undefined);
  const wrong = checks.filter(({ agrees, name }) => !agrees && name !== 'trace: plan.trace.digest');
  return [...logDamage, ...wrong.map(({ name }) => name)];
}

/** Changes one row in the middle of the second block. */
function row(forge: Forge): (blocks: LogBlock[]) => LogBlock[] {
  return (blocks) => {
    const [, block] = blocks as [LogBlock, LogBlock];
    forge(block.columns, block, 10);
    return blocks;
  };
}

const add =
  (column: keyof LogColumns, by: number): Forge =>
  (columns, _, at) => {
    columns[column][at] = (columns[column][at] as number) + by;
  };
const put =
  (column: keyof LogColumns, value: number): Forge =>
  (columns, _, at) => {
    columns[column][at] = value;
  };
const rename =
  (column: 'op' | 'session'): Forge =>
  (columns, { strings }, at) => {
    const names = column === 'op' ? ['recall', 'remember'] : ['s1', 's2'];
    const other = names.find((name) => name !== strings[columns[column][at] as number]) as string;
    columns[column][at] = strings.indexOf(other);
  };
const copyRow = (columns: LogColumns, from: number, to: number): void => {
  for (const column of Object.values(columns)) column[to] = column[from] as number;
};

const SEEN_WITHOUT_TRACE: Record<string, (blocks: LogBlock[]) => LogBlock[]> = {
  ...Object.fromEntries(
    (
      ['dueNs', 'readyNs', 'releasedNs', 'sentNs', 'doneNs', 'recordedDurationNs', 'stalledNs'] as const
    ).flatMap((column) => [
      [`${column} later`, row(add(column, MS))],
      [`${column} out of all bounds`, row(put(column, 2 ** 53))],
    ]),
  ),
  'an error that is none': (blocks) => {
    for (const { columns, count } of blocks) for (let i = 0; i < count; i += 1) columns.disposition[i] = 0;
    return blocks;
  },
  'another status': row(put('status', 503)),
  'another recorded status': row(put('recordedStatus', 404)),
  'another failure': row(put('failure', 2)),
  'another op': row(rename('op')),
  'more bytes': row(add('responseBytes', 1)),
  'another place among the sends': row(put('sendOrder', 2 ** 40)),
  'more in flight': row(add('inFlight', 1000)),
  'another shard': ([first, ...rest]) => [{ ...(first as LogBlock), sender: 3 }, ...rest],
  'a row taken out': row((columns, block, at) => {
    for (const column of Object.values(columns)) column.copyWithin(at, at + 1, block.count);
    block.count -= 1;
  }),
  'a row twice': row((columns, block, at) => {
    copyRow(columns, at, block.count);
    block.count += 1;
  }),
  'a block taken out': (blocks) => blocks.slice(1),
  'a name that is not there': row(put('op', 99)),
};

const SEEN_WITH_TRACE: Record<string, (blocks: LogBlock[]) => LogBlock[]> = {
  'another session': row(rename('session')),
  'another protocol': row(put('protocol', 2)),
  'another recorded start': row(add('recordedStartNs', 1)),
  ...Object.fromEntries(
    [0, 1e6, 1e9, 2 ** 32, 2 ** 40, 2 ** 53 - 1].map((number) => [
      `record ${number}`,
      row(put('record', number)),
    ]),
  ),
  'two rows of exchanged records': row((columns, _, at) => {
    const { record } = columns;
    [record[at], record[at + 1]] = [record[at + 1] as number, record[at] as number];
  }),
};

describe('verify, of a log whose rows were changed and which was hashed anew', () => {
  it('finds nothing in one that says what it said before, in whatever order', async () => {
    assert.deepEqual(await found(await forged((blocks) => blocks), true), []);
    assert.deepEqual(await found(await forged((blocks) => blocks.toReversed()), true), []);
  });

  it('finds what changes a number of the document', async () => {
    for (const [what, change] of Object.entries(SEEN_WITHOUT_TRACE)) {
      assert.notDeepEqual(await found(await forged(change), false), [], what);
    }
  });

  it('finds with the trace whose operation a row is', async () => {
    for (const [what, change] of Object.entries(SEEN_WITH_TRACE)) {
      const seen = await found(await forged(change), true);
      assert.ok(
        seen.some((name) => name.startsWith('trace: ')),
        `${what}: ${seen}`,
      );
    }
  });

  it('can find neither a place in the plan, nor a ns', async () => {
    for (const forge of [add('number', 1), add('doneNs', 1)]) {
      assert.deepEqual(await found(await forged(row(forge)), true), []);
    }
  });
});
