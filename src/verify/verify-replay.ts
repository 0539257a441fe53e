import { EngramTraceError } from '../error.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Trace } from '../trace/trace.ts';
import { type Check, compareLeaves } from './compare.ts';
import { type Leaves, leavesOf } from './expect/document-leaves.ts';
import { expectArrivals } from './expect/expect-arrivals.ts';
import { expectAttribution } from './expect/expect-attribution.ts';
import { expectChecks } from './expect/expect-checks.ts';
import { expectCounts } from './expect/expect-counts.ts';
import { expectFacts, factLeaves } from './expect/expect-facts.ts';
import { expectHeaderCounts } from './expect/expect-header-counts.ts';
import { expectLatencies } from './expect/expect-latencies.ts';
import { expectNearness } from './expect/expect-nearness.ts';
import { expectOpWindows } from './expect/expect-op-windows.ts';
import { expectOrder } from './expect/expect-order.ts';
import { expectStatusClasses } from './expect/expect-status-classes.ts';
import { expectTargets } from './expect/expect-targets.ts';
import { expectVerdict } from './expect/expect-verdict.ts';
import { expectWindows } from './expect/expect-windows.ts';
import { forgetYounger } from './forget-younger.ts';
import { type Expectations, exactly } from './measure/expectations.ts';
import { type LogTable, openLogTable } from './measure/log-table.ts';
import { opNames } from './measure/op-names.ts';
import { strangersAmong } from './same-replay.ts';
import { verifyTrace } from './verify-trace.ts';

/** What a verification found. */
export interface Verification {
  /** All that was compared, in the order of the document's sections. */
  checks: Check[];
  /** Sentences that say what is wrong with the log itself; then its numbers prove nothing. */
  logDamage: string[];
  /** Sentences that say which of the files are not of one replay. */
  strangers: string[];
  entries: number;
  agrees: boolean;
}

/**
 * Recomputes every number of a results document that its replay log can prove, from the operations alone, and compares.
 * With the trace it also proves that each of its records was sent once, when it was planned. Throws `not_a_trace` for a
 * file that is no replay log, `bad_record` for a document that is none.
 */
export async function verifyReplay(
  logPath: string,
  document: unknown,
  trace?: Trace | undefined,
): Promise<Verification> {
  const leaves = leavesOf(document);
  const parts = ['fidelity.verdict', 'latency.overall.count'];
  if (leaves.get('schema_version') !== 1 || !parts.every((part) => leaves.has(part))) throw notResults();
  const table = await openLogTable(logPath);
  const { reading } = table;
  const logDamage = [...reading.damage];
  const facts = factLeaves(reading);
  if (facts === undefined && reading.end !== undefined) logDamage.push('its end does not say what it has to');
  const { entriesLost = 0 } = reading.end ?? {};
  if (entriesLost > 0) logDamage.push(`${entriesLost} operations are missing: its disk was too slow`);
  const expectations: Expectations = new Map();
  const { entries } = reading;
  if (logDamage.length > 0) return { checks: [], logDamage, strangers: [], entries, agrees: false };
  await expectEverything(table, leaves, facts ?? new Map(), document as ResultsDocument, expectations);
  const checks = compareLeaves(leaves, expectations);
  const traceChecks = trace === undefined ? [] : await verifyTrace(table, facts ?? new Map(), trace);
  checks.push(...traceChecks);
  const strangers = strangersAmong(leaves, facts ?? new Map(), reading, traceChecks);
  return { checks, logDamage, strangers, entries, agrees: checks.every((check) => check.agrees) };
}

async function expectEverything(
  table: LogTable,
  leaves: Leaves,
  facts: Leaves,
  document: ResultsDocument,
  into: Expectations,
): Promise<void> {
  const option = (name: string): unknown => facts.get(`plan.options.${name}`);
  const names = opNames(table.ops, new Set(Object.keys(document.latency)));
  // Documents of before don't say it: theirs are open.
  if (table.isClosedLoop || leaves.has('closed_loop')) into.set('closed_loop', exactly(table.isClosedLoop));
  const dialect = String(facts.get('plan.trace.dialect'));
  await expectCounts(table, names, into, {
    dialect,
    isMade: table.isClosedLoop || ['scenario', 'clients'].includes(String(facts.get('plan.trace.format'))),
    errorKeys: namesIn(leaves, /^errors\[(.*)\]\.code$/s),
  });
  await expectTargets(table, { targets: Number(option('targets') ?? 1), dialect }, into);
  await expectHeaderCounts(table, option('count_by_header'), leaves, into);
  await expectStatusClasses(table, names, into);
  await expectLatencies(table, names, into);
  await expectWindows(table, into);
  await expectOpWindows(table, names, into);
  const arrivals = await expectArrivals(table, into);
  const isEven = option('timing') === 'absolute' && (option('pace') ?? null) === null;
  const timeScale = isEven ? Number(option('rate_multiplier')) : undefined;
  await expectOrder(table, timeScale, into);
  await expectAttribution(table, into);
  expectFacts(table.reading, facts, into);
  await expectNearness(table, facts, into);
  expectChecks(leaves, document, into);
  forgetYounger(table.reading.header.formatVersion, leaves, into);
  expectVerdict(into, {
    leaves,
    arrivals,
    hasSchedule: option('timing') !== 'asap',
    keepsOrder: option('order') !== 'open',
    expectedMismatch: Number(option('expect_mismatch') ?? 0),
  });
}

function namesIn(leaves: Leaves, pattern: RegExp): Set<string> {
  const names = new Set<string>();
  for (const path of leaves.keys()) {
    const name = pattern.exec(path)?.[1];
    if (name !== undefined) names.add(name);
  }
  return names;
}

function notResults(): EngramTraceError {
  return new EngramTraceError('bad_record', 'it is no results document of version 1', {
    hint: 'A results document is what `engram-trace replay --output FILE` writes.',
  });
}
