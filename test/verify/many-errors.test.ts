import assert from 'node:assert/strict';
import { it } from 'node:test';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { type Fate, MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, writeLog } from './support.ts';

const FATES: readonly Fate[] = [
  { kind: 'answer', afterNs: MS, ok: false },
  { kind: 'hang' },
  { kind: 'kept_end' },
  { kind: 'throw' },
];

it('verify counts the errors past 200 kinds together, and finds that count when it was edited', async () => {
  // Sixty names, and four ways for each of them to fail.
  const records = Array.from({ length: 480 }, (_, i) =>
    makeRecord(i * MS, { session: `s${i}`, op: `op${i % 60}`, path: `/${i}` }),
  );
  const run = await loggedRun(
    records,
    { timeoutNs: SECOND },
    ({ path }) => FATES[Math.floor(Number(path.slice(1)) / 60) % FATES.length] as Fate,
  );
  const folder = newFolder();
  const path = await writeLog(folder, run.log);
  const wrongIn = async (document: object): Promise<string[]> =>
    (await verifyReplay(path, document)).checks.filter(({ agrees }) => !agrees).map(({ name }) => name);
  assert.deepEqual(await wrongIn(run.document), []);
  const { errors } = run.document;
  const others = errors.find(({ code }) => code === 'other');
  assert.ok(errors.length <= 201 && (others?.count ?? 0) > 0, `${errors.length} kinds`);
  const edited = errors.map((each) => (each === others ? { ...each, count: each.count - 1 } : each));
  assert.match((await wrongIn({ ...run.document, errors: edited })).join(), /other.*count/);
});

it('verify knows that an error of a scenario names no record, as there is no file of them', async () => {
  const records = Array.from({ length: 8 }, (_, i) => makeRecord(i * MS, { session: `s${i}` }));
  const fails = (): Fate => ({ kind: 'answer', afterNs: MS, ok: false });
  for (const format of ['scenario', 'trace'] as const) {
    const { document, log } = await loggedRun(records, {}, fails, undefined, [], 0, {}, format);
    assert.equal(document.errors[0]?.first_record === null, format === 'scenario');
    const path = await writeLog(newFolder(), log);
    await assert.rejects(verifyReplay(path, { ...document, latency: null }), { code: 'bad_record' });
    const { checks, strangers } = await verifyReplay(path, document);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees),
      [],
      format,
    );
    assert.deepEqual(strangers, []);
  }
});
