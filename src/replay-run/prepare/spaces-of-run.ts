import type { SpaceMaking } from '../../dialects/space-making.ts';
import { EngramTraceError } from '../../error.ts';
import { createSelection } from '../../replay/plan/selection.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import { playsAll } from '../options/plays-all.ts';
import { dialectOf } from '../options/record-predicate.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { OriginGuard } from '../origin/origin-guard.ts';
import { createNumberedSource } from '../source/numbered-source.ts';
import { hasTargetIn } from '../target/targets.ts';

/** More spaces than this are not made: an Engram takes a day for so many. */
const MOST_SPACES = 10_000;

/** How the spaces of a trace are made (`--prepare`); `usage` where nobody knows, or nothing could be sent. */
export function spaceMakingOf({ trace, http }: Pick<RunOptions, 'trace' | 'http'>): SpaceMaking {
  const dialect = dialectOf(trace.header.dialect);
  if (dialect.spaces === undefined) {
    throw usage(
      `--prepare makes the spaces of a trace, and the ${dialect.name} dialect has none`,
      'leave --prepare out',
    );
  }
  if (http === undefined) {
    throw usage(
      '--prepare makes spaces over HTTP, and no --endpoint is given',
      'add --endpoint of the same server; gRPC operations go to --grpc-endpoint all the same',
    );
  }
  return dialect.spaces;
}

/**
 * The spaces that the operations of a run are about, in order of their names: by the trace's hints where all of it takes
 * part, and else by reading the part that does. The requests that make them must reach no server of the recording:
 * `guard` looks at what is read, and at the first records at least. `usage` for a pipe, which can be read only once.
 */
export async function spacesOfRun(
  run: RunOptions,
  options: ReplayOptions,
  guard?: OriginGuard,
): Promise<string[]> {
  const making = spaceMakingOf(run);
  const spaces =
    (playsAll(run) ? run.trace.hints.spaces : undefined) ?? (await readSpaces(run, options, guard));
  if (guard !== undefined) await checkFirst(run, guard);
  return [...spaces].filter((space) => making.create(space) !== undefined).sort();
}

/** Reads the first records, as a replay does before it sends anything. */
async function checkFirst({ trace, range, skipDamaged }: RunOptions, guard: OriginGuard): Promise<void> {
  const source = createNumberedSource(trace, range ?? {}, skipDamaged ? 'skip' : 'throw');
  for await (const batch of source.open()) {
    for (const record of batch) guard.checkRecord(record);
    return;
  }
}

async function readSpaces(
  run: RunOptions,
  options: ReplayOptions,
  guard: OriginGuard | undefined,
): Promise<Set<string>> {
  const { trace, range, skipDamaged } = run;
  if (!trace.seekable) {
    throw usage(
      `${trace.name} is a pipe: which spaces it holds is known only when it has been played`,
      'write the trace to a file to use --prepare',
    );
  }
  const selection = createSelection(options, hasTargetIn(run));
  const source = createNumberedSource(trace, range ?? {}, skipDamaged ? 'skip' : 'throw');
  const found = new Set<string>();
  for await (const batch of source.open()) {
    for (const record of batch) {
      guard?.checkRecord(record);
      if (selection.takes(record)) found.add(record.space);
    }
    refuseTooMany(found.size);
  }
  return found;
}

function refuseTooMany(count: number): void {
  if (count <= MOST_SPACES) return;
  throw usage(
    `the trace has more than ${MOST_SPACES} spaces, which is too many for --prepare`,
    'play a part of it: engram-trace filter --space, or --from and --to',
  );
}

function usage(message: string, hint: string): EngramTraceError {
  return new EngramTraceError('usage', message, { hint });
}
