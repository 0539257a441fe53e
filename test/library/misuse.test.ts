import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import {
  calibrateTrace,
  createDevServer,
  createFileSink,
  createNdjsonWriter,
  createRecordFilter,
  createTraceWriter,
  EngramTraceError,
  emptyHeader,
  fitTrace,
  openOpLog,
  openRecordExport,
  openTrace,
  planExport,
  replayOptions,
  runReplay,
  startCapture,
  startReplayLog,
  type Transport,
  verifyReplay,
} from '../../src/index.ts';
import { optionWords } from '../../src/library/in-option-words.ts';
import { someRecords, writeTrace } from '../cli/replay-support.ts';
import { outcome } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';

const transport: Transport = {
  warmUp: async () => {},
  send(_record, _timeScale, listener) {
    queueMicrotask(() => {
      listener.onSent();
      listener.onDone(outcome());
    });
    return () => {};
  },
  close: async () => {},
};

/** The error of a call that no compiler let through. */
async function errorOf(call: () => unknown): Promise<EngramTraceError> {
  try {
    await call();
  } catch (thrown) {
    assert.ok(thrown instanceof EngramTraceError, String(thrown));
    return thrown;
  }
  return assert.fail('it went through');
}

describe('the library, called as only JavaScript can', () => {
  let folder: string;
  let trace: string;
  before(async () => {
    folder = newFolder();
    trace = join(folder, 'some.trace.zst');
    await writeTrace(trace, someRecords(20, 1));
  });

  it('proves results with a trace by its path as with an open one', async () => {
    const replayLog = join(folder, 'some.rlog');
    const document = await runReplay(trace, {}, { transport, replayLog });
    const { checks, agrees } = await verifyReplay(replayLog, document, trace);
    assert.equal(agrees, true);
    assert.ok(checks.some(({ name }) => name.startsWith('trace: ')));
    const missing = await errorOf(() => verifyReplay(replayLog, document, join(folder, 'none')));
    assert.equal(missing.code, 'io');
  });

  it('refuses what is no trace and no target with a usage error', async () => {
    const odd = 7 as never;
    for (const call of [
      () => verifyReplay('a.rlog', {}, odd),
      () => runReplay(odd, ':1'),
      () => runReplay({} as never, ':1'),
      () => runReplay(trace, undefined as never),
      () => calibrateTrace(null as never),
    ])
      assert.equal((await errorOf(call)).code, 'usage', String(call));
  });

  it('refuses an option that is none, and names the nearest', async () => {
    const wrong: readonly [() => unknown, message: string, hint: string][] = [
      [
        () => runReplay(trace, ':1', { allowOrgin: true } as never),
        'allowOrgin is no option of runReplay',
        'did you mean allowOrigin?',
      ],
      [
        () => runReplay(trace, ':1', { replay: { multiplyer: 2 } as never }),
        'multiplyer is no option of replay',
        'did you mean multiplier?',
      ],
      [
        () => runReplay(trace, { htpp: ':1' } as never),
        'htpp is no option of a target',
        'did you mean http?',
      ],
      [
        () => calibrateTrace(trace, { stepSecs: 1 } as never),
        'stepSecs is no option of calibrateTrace',
        'did you mean stepSeconds?',
      ],
      [
        () => startCapture({ htpp: ':1' } as never),
        'htpp is no option of startCapture',
        'did you mean http?',
      ],
      [
        () => openTrace(trace, { source: [] } as never),
        'source is no option of openTrace',
        'did you mean sources?',
      ],
      [
        () => openOpLog(folder, { skipDamage: true } as never),
        'skipDamage is no option of openOpLog',
        'did you mean skipDamaged?',
      ],
      [
        () => planExport({} as never, { tool: 't', startNs: 1n } as never),
        'startNs is no option of planExport',
        'there are durationNs, endUnixNs, skipDamaged, startUnixNs, tool',
      ],
      [
        () => openRecordExport({} as never, { tool: 't', duratonNs: 1 } as never),
        'duratonNs is no option of openRecordExport',
        'did you mean durationNs?',
      ],
      [
        () => createTraceWriter({} as never, emptyHeader(), { levl: 3 } as never),
        'levl is no option of createTraceWriter',
        'did you mean level?',
      ],
      [
        () => createNdjsonWriter({} as never, emptyHeader(), { compres: true } as never),
        'compres is no option of createNdjsonWriter',
        'did you mean compress?',
      ],
      [
        () => createFileSink(trace, { forse: true } as never),
        'forse is no option of createFileSink',
        'did you mean force?',
      ],
      [
        () => startReplayLog({ path: 'x', header: {}, forced: true } as never),
        'forced is no option of startReplayLog',
        'did you mean force?',
      ],
      [
        () => replayOptions({ multiplyer: 2 } as never),
        'multiplyer is no option of replayOptions',
        'did you mean multiplier?',
      ],
      [
        () => createRecordFilter({ spacs: ['x'] } as never),
        'spacs is no option of createRecordFilter',
        'did you mean spaces?',
      ],
      [() => fitTrace(trace, { sead: 1 } as never), 'sead is no option of fitTrace', 'did you mean seed?'],
      [
        () => createDevServer({ httPort: 1 } as never),
        'httPort is no option of createDevServer',
        'did you mean httpPort?',
      ],
      [
        () => runReplay(trace, { nothing_like_it: 1 } as never),
        'nothing_like_it is no option of a target',
        'there are grpc, http',
      ],
    ];
    for (const [call, message, hint] of wrong) {
      const error = await errorOf(call);
      assert.deepEqual([error.code, error.message, error.hint], ['usage', message, hint]);
    }
    assert.equal((await errorOf(() => runReplay(trace, ':1', 5 as never))).code, 'usage');
    assert.equal((await errorOf(() => runReplay(trace, ':1', null as never))).code, 'usage');
  });

  it('names options in hints, and never a flag', async () => {
    const output = join(folder, 'there.json');
    await writeFile(output, '{}');
    const exists = await errorOf(() => runReplay(trace, {}, { transport, output }));
    assert.equal(exists.hint, 'Add force: true to replace it.');
    const stretched = await errorOf(() =>
      runReplay(trace, ':1', { senders: 2, replay: { behind: 'stretch' } }),
    );
    assert.equal(stretched.hint, 'add senders: 1');
    const aFolder = await errorOf(() => openTrace(folder));
    assert.equal(aFolder.hint, 'A folder of segments becomes a trace by `planExport` and `writeExport`.');
    const file = await errorOf(() => createFileSink(output));
    assert.equal(file.hint, 'Add force: true to replace it.');
    const nobody = await errorOf(() => runReplay(trace, 'http://127.0.0.1:1'));
    assert.match(nobody.hint ?? '', /name another with http, or wait for it with waitForTargetMs: 30_000/);
    assert.equal(
      optionWords('give --grpc-endpoint or --allow-origin; --nothing stays'),
      'give grpc or allowOrigin: true; --nothing stays',
    );
  });
});
