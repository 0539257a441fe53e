import { emptyHeader, type TraceHeader } from '../../trace/record/record.ts';
import { TOOL } from '../../version.ts';
import type { SeededScenario } from './record-batches.ts';

/** A generated trace was never recorded: it begins with the year 2000, whenever it is made. */
const EPOCH_UNIX_NS = 946_684_800_000_000_000n;

/** What a generated trace says of itself. */
export function workloadHeader({ scenario, seed, preload }: SeededScenario): TraceHeader {
  const { name, arrival, durationNs } = scenario;
  return {
    ...emptyHeader(),
    epochUnixNs: EPOCH_UNIX_NS,
    tool: TOOL,
    source: 'generate',
    dialect: 'engram',
    window:
      arrival.pattern === 'trace' || preload !== undefined ? undefined : { startNs: 0, endNs: durationNs },
    notes: [`scenario ${name}, seed ${seed}`],
    runId: `scenario-${seed}`,
  };
}
