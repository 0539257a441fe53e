import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type {
  CapacityDocument,
  GeneratorLimitSection,
  SearchedSection,
} from '../../capacity/capacity-document.ts';
import { type CapacityWorld, findCapacity, type WantedLimits } from '../../capacity/find-capacity.ts';
import { newCapacityDocument } from '../../capacity/new-capacity-document.ts';
import { resumeCapacity } from '../../capacity/resume-capacity.ts';
import { heldInstead } from '../../check/parse-limit.ts';
import { refuseUnreadable } from '../../check/refuse-unreadable.ts';
import { EngramTraceError } from '../../error.ts';
import { allTargets } from '../../replay-run/target/targets.ts';
import { VERSION } from '../../version.ts';
import { linesText } from '../../visible-text.ts';
import { wallClockMs } from '../../wall-clock.ts';
import { capacityExitCode } from '../exit/capacity-exit-code.ts';
import { EXIT } from '../exit/exit-code.ts';
import { type Interrupt, watchSignals } from '../exit/watch-signals.ts';
import { limitsOf } from '../flags/limit-flags.ts';
import { openDocumentSink } from '../output/document-sink.ts';
import { isStdout } from '../output/is-stdout.ts';
import { earlierDocument, openSuiteOutput, type SuiteOutput } from '../output/suite-output.ts';
import { printWarning } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import { capacityLoadText, capacityText, probeLine } from '../text/capacity-text.ts';
import { type CapacityLoads, type CapacityRunFlags, capacityLoads } from './capacity-loads.ts';
import { loadsOf, rangeOf } from './capacity-range.ts';
import type { PlannedRun } from './planned-runs.ts';
import { playShown } from './play-shown.ts';

/** What has to hold where nobody says: the capacity guide's latency and errors. */
const USUAL_LIMITS = [{ holds: 'latency.overall.p99 < 10ms' }, { holds: 'error_rate < 0.1%' }];

/** No load is tried above this share of what the generator carries. */
const GENERATOR_SHARE = 0.8;
/** A rate of the calibration takes so long; it doubles so often at most. */
const [CALIBRATE_STEP_SECS, CALIBRATE_STEPS] = [2, 10];

type Say = (...lines: string[]) => void;

/** Searches for a capacity, or sweeps over loads, as the flags say. */
export async function runCapacity(flags: CapacityRunFlags, command: Command): Promise<void> {
  const say: Say = (...lines) => (flags.quiet ? undefined : tell(linesText(lines)));
  const given = await wantedOf(flags);
  const interrupt = watchSignals(async () => {});
  try {
    const loads = await capacityLoads(flags, command);
    try {
      await searchAndReport(flags, loads, given, interrupt, say);
    } finally {
      await loads.close();
    }
  } finally {
    interrupt.stop();
  }
}

async function wantedOf(flags: CapacityRunFlags): Promise<WantedLimits> {
  const { failIf = [] } = flags;
  return { limits: (await limitsOf(flags)) ?? USUAL_LIMITS, failIf };
}

async function searchAndReport(
  flags: CapacityRunFlags,
  loads: CapacityLoads,
  wanted: WantedLimits,
  interrupt: Interrupt,
  say: Say,
): Promise<void> {
  const range = rangeOf(flags, loads);
  // What is wrong with the run is said before anything is measured.
  const first = await loads.at(range.from, true);
  refuseUnreadable({ ...wanted, isWatched: first.run.watch !== undefined });
  const about = {
    ...{ tool: { name: 'engram-trace', version: VERSION }, timestamp: new Date(wallClockMs()).toISOString() },
    targets: allTargets(first.run).map(({ http, grpc }) => ({
      http: http?.url ?? null,
      grpc: grpc?.url ?? null,
    })),
    limits: [...wanted.limits.map(({ holds }) => holds), ...wanted.failIf.map(heldInstead)],
  };
  const searched = searchedSection(flags, loads, { ...range, wanted });
  const fresh = newCapacityDocument(searched, about);
  const begun = flags.resume ? resumed(fresh, flags) : fresh;
  const output = await openSuiteOutput(flags.output, flags.force === true || flags.resume === true);
  try {
    say(`engram-trace: ${headLine(begun)}`);
    const ready = await calibrated(begun, flags, loads, first, say);
    const player = worldOf(ready, loads, output, interrupt, flags, say);
    const document = ready.searched.most === 0 ? ready : await findCapacity(ready, wanted, player);
    interrupt.delivering();
    await output.save(document);
    const undelivered = await output.finish(document);
    say(...capacityText(document));
    const code = capacityExitCode(document, interrupt.received());
    if (code !== EXIT.ok) process.exitCode = code;
    if (undelivered !== undefined) throw undelivered;
  } catch (thrown) {
    await output.abort();
    throw thrown;
  }
}

/**
 * Flags that change nothing in what a single run measures, so that its probes stay good without them: where to look, what
 * becomes of what was found, how long to wait for the server, and which process it is by now.
 */
const OF_SEARCH = new Set([
  ...['waitForTarget', 'watchPid', 'watchHost', 'scrape', 'scrapeMetric'],
  ...['from', 'least', 'most', 'within', 'step', 'rates', 'coolDown', 'maxProbes', 'calibrate', 'keep'],
  ...['resume', 'output', 'force', 'quiet', 'config', 'limits', 'preset', 'failIf', 'trace', 'scenario'],
]);

function searchedSection(
  flags: CapacityRunFlags,
  loads: CapacityLoads,
  { wanted, ...range }: ReturnType<typeof rangeOf> & { wanted: WantedLimits },
): SearchedSection {
  const { source, name, by, unit, identity, durationNs } = loads;
  const of = Object.entries(flags).filter(([attribute]) => !OF_SEARCH.has(attribute));
  const what = { source, identity, by, durationNs, wanted, flags: of };
  return {
    digest: createHash('sha256').update(JSON.stringify(what)).digest('hex'),
    ...{ source, name, by, unit },
    probe_duration_secs: durationNs === undefined ? null : durationNs / 1e9,
    seed: flags.seed,
    ...{ from: range.from, least: range.least, most: Number.isFinite(range.most) ? range.most : null },
    within: flags.within,
    max_probes: flags.maxProbes,
    loads: loadsOf(flags, range),
  };
}

function resumed(fresh: CapacityDocument, { output, force }: CapacityRunFlags): CapacityDocument {
  if (isStdout(output))
    throw new EngramTraceError('usage', '--resume goes on with a file, and --output names none', {
      hint: 'name the one that was written: --output FILE --resume',
    });
  if (force) throw new EngramTraceError('usage', '--force begins anew, and --resume goes on: give one');
  const before = earlierDocument(output);
  return before === undefined ? fresh : resumeCapacity(fresh, before, output);
}

function headLine({ searched, limits, probes }: CapacityDocument): string {
  const length =
    searched.probe_duration_secs === null ? 'the whole trace' : `${searched.probe_duration_secs} s`;
  const before = probes.length === 0 ? '' : `; ${probes.length} runs are there`;
  return `${searched.name}: how many ${searched.unit === 'x' ? 'times as much' : searched.unit} hold ${limits.join(' and ')}, ${length} a run${before}`;
}

/** Above a share of what the generator itself carries nothing is tried: its limit would be taken for the server's. */
async function calibrated(
  begun: CapacityDocument,
  flags: CapacityRunFlags,
  loads: CapacityLoads,
  { run }: PlannedRun,
  say: Say,
): Promise<CapacityDocument> {
  const { searched } = begun;
  if (!flags.calibrate || !loads.canCalibrate) return begun;
  say('engram-trace: measuring first what this machine sends in time (--no-calibrate)');
  const { calibrateOpened } = await import('../../library/calibrate-trace.ts');
  const most = (searched.most ?? Infinity) / GENERATOR_SHARE;
  const { highest } = await calibrateOpened(run.trace, {
    ...{ ...run, chaos: undefined, limits: undefined, prepare: false, transport: flags.transport },
    ...{ stepSeconds: CALIBRATE_STEP_SECS, warn: () => {} },
    maxSteps: Math.min(CALIBRATE_STEPS, Math.max(1, Math.ceil(Math.log2(most / searched.from)))),
  });
  const generator = generatorLimit(searched, highest?.multiplier);
  say(`engram-trace: ${generatorText(generator, searched)}`);
  return { ...begun, generator, searched: { ...searched, most: generator.most } };
}

function generatorText({ carries, most }: GeneratorLimitSection, searched: SearchedSection): string {
  const text = (load: number): string => capacityLoadText(load, searched);
  if (carries !== null) return `it sends ${text(carries)} in time; nothing above ${text(most)} is tried`;
  return `this machine did not send even the first load, ${text(searched.from)}, in time, so nothing is tried (--no-calibrate tries all the same; a lower --from may do)`;
}

function generatorLimit(searched: SearchedSection, multiplier: number | undefined): GeneratorLimitSection {
  if (multiplier === undefined) return { carries: null, most: 0, bounds: true };
  // The run was made at the first load: as rates do, a multiplier of the trace has its own in it already.
  const carries = searched.by === 'multiplier' ? multiplier : multiplier * searched.from;
  const wished = searched.most ?? Infinity;
  const share = Math.min(wished, carries * GENERATOR_SHARE);
  const most = searched.unit === 'copies' ? Math.floor(share) : Number(share.toPrecision(4));
  return { carries, most, bounds: wished > carries * GENERATOR_SHARE };
}

function worldOf(
  { searched }: CapacityDocument,
  loads: CapacityLoads,
  output: SuiteOutput,
  { signal }: Interrupt,
  { quiet, coolDown, keep, force, resume }: CapacityRunFlags,
  say: Say,
): CapacityWorld {
  let isFirst = true;
  return {
    play: async (load) => {
      const { run, before = async () => ({}) } = await loads.at(load, isFirst);
      isFirst = false;
      try {
        return await playShown(run, before, { quiet, signal });
      } finally {
        // A trace is played again.
        if (searched.source !== 'trace') await run.trace.close();
      }
    },
    pause: () => wait(coolDown / 1e6, undefined, { signal }).catch(() => {}),
    save: (document) => output.save(document),
    keep: async (document, number, load) => {
      if (keep === undefined) return null;
      const file = join(keep, `${String(number).padStart(2, '0')}-${load}.json`);
      const undelivered = await (await openDocumentSink(file, force || resume)).deliver(document);
      if (undelivered !== undefined) printWarning(`${file}: ${undelivered.message}`);
      return undelivered === undefined ? file : null;
    },
    isStopped: () => signal.aborted,
    onProbe: (entry, number) => say(`engram-trace: ${probeLine(entry, number, searched)}`),
  };
}
