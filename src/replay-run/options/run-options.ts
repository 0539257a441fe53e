import type { Clock } from '../../replay/ports.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { LogHeader, ReplayLog } from '../../replay-log/replay-log.ts';
import type {
  CheckEntry,
  HostSection,
  PreloadSection,
  PrepareSection,
  ResultsDocument,
} from '../../results/document/results-document.ts';
import type { HealthSources } from '../../results/health/generator-health.ts';
import type { LiveCounts } from '../../results/tally/tally.ts';
import type { RunLimits } from '../../results/verdict/run-limits.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import type { TlsSettings } from '../../transports/connect/tls-settings.ts';
import type { ReplayPart } from '../source/numbered-source.ts';
import type { SpreadTargets } from '../target/targets.ts';
import type { TransportChoice } from '../target/transport-choice.ts';
import type { ChaosLoad } from './chaos-load.ts';
import type { ClosedLoop } from './closed-loop.ts';
import type { Watch } from './watch-load.ts';

/** Says what is replayed, against which targets, and how. */
export interface RunOptions extends SpreadTargets {
  trace: Trace;
  /** Plays a closed loop, of which the trace has the first operation of each client. */
  closedLoop?: ClosedLoop | undefined;
  /** Part of the trace; all of it where undefined. */
  range?: ReplayPart | undefined;
  only?: 'reads' | 'writes' | undefined;
  /** More operations that would harm the target: patterns as of `--dangerous`. */
  dangerous?: readonly string[] | undefined;
  /** Sends also what would end or cripple the target. */
  includeDangerous?: boolean | undefined;
  /** Makes the spaces of the trace before the clock starts. */
  prepare?: boolean | undefined;
  /** How long each may take; a minute where undefined. */
  prepareTimeoutNs?: number | undefined;
  /** A damaged block ends the replay, unless it is to be skipped and counted. */
  skipDamaged?: boolean | undefined;
  /** Everything else about the plan; `only`, `window` and `signal` are set by the run. */
  replay?: Partial<ReplayOptions> | undefined;
  /** Replays even against the server the trace was recorded from. */
  allowOrigin?: boolean | undefined;
  /** Share of answers of another status class than recorded that takes nothing from the verdict, 0 to 1. */
  expectMismatch?: number | undefined;
  /** Headers and metadata put in place of, or besides, the recorded ones. */
  headers?: HeaderList | undefined;
  tls?: TlsSettings | undefined;
  /** Counts answers by the value of this header; in lower case, for which the library sees. */
  countByHeader?: string | undefined;
  /** How long to wait for somebody to be there, before the clock starts; 0 where undefined. */
  waitForTargetMs?: number | undefined;
  /** Which connections the operations of a session use; `pooled` where undefined. */
  connections?: ConnectionMode | undefined;
  /** One of ours, or the caller's own: it takes all records where no endpoint is named, and stays open. */
  transport?: TransportChoice | undefined;
  /** Threads that send; 1, the default, is this one. */
  senders?: number | undefined;
  /** What the run has to hold: `checks` of the document. */
  limits?: RunLimits | undefined;
  /** What is done to the targets besides the load. */
  chaos?: ChaosLoad | undefined;
  /** What is watched besides: the server, its machine, its own metrics. */
  watch?: Watch | undefined;
  /** What the target was filled with before; only told. */
  preload?: PreloadSection | undefined;
  /** The spaces that were made for that. */
  prepared?: PrepareSection | null | undefined;
  /** The seed that the trace was made with, where it was made and not recorded. */
  traceSeed?: number | undefined;
  /** False: no rehearsal (see rehearse.ts); for those whose code is warm already. */
  rehearsal?: boolean | undefined;
}

/** The names of all options besides the trace and its targets: the compiler finds one that is missing. */
export const RUN_OPTIONS: Readonly<Record<Exclude<keyof RunOptions, 'trace' | keyof SpreadTargets>, true>> = {
  range: true,
  only: true,
  dangerous: true,
  includeDangerous: true,
  prepare: true,
  prepareTimeoutNs: true,
  skipDamaged: true,
  replay: true,
  allowOrigin: true,
  expectMismatch: true,
  headers: true,
  tls: true,
  countByHeader: true,
  waitForTargetMs: true,
  connections: true,
  transport: true,
  senders: true,
  rehearsal: true,
  closedLoop: true,
  limits: true,
  chaos: true,
  watch: true,
  preload: true,
  prepared: true,
  traceSeed: true,
};

/** What may be read of a run while it goes on. */
export interface RunProgress {
  live(): LiveCounts;
  /** Operations that will be sent in all, less what is not known yet to be left out; undefined where no index tells. */
  planned(): number | undefined;
}

/** What a run needs of the process it lives in. */
export interface RunDeps {
  clock: Clock;
  /** Wall clock, Unix ms. */
  nowMs(): number;
  tool: { name: string; version: string };
  host: HostSection;
  health: HealthSources;
  /** Opens the log of every operation (`--replay-log`); the run fills it and puts it in place. */
  openReplayLog?: ((header: LogHeader) => Promise<ReplayLog>) | undefined;
  /** Aborted: nothing more is sent, and what was measured is reported. */
  signal?: AbortSignal | undefined;
  /** Files and sockets the process may have open; undefined where nobody knows. */
  openFileLimit?: number | undefined;
  /** Judges the document once it is whole, before its log is sealed: more lines for its `checks`. */
  judge?: ((document: ResultsDocument) => readonly CheckEntry[]) | undefined;
  /** Tells people one sentence. */
  warn(text: string): void;
  /** Called once with the spaces that `--prepare` sees to. */
  onPrepare?(spaces: readonly string[]): void;
  /** Called once, before the first operation. */
  onStart?(progress: RunProgress): void;
}
