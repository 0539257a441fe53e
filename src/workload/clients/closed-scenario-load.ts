import { EngramTraceError } from '../../error.ts';
import type { ClosedLoop } from '../../replay-run/options/closed-loop.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { openWorkload } from '../generate/open-workload.ts';
import type { SeededScenario } from '../generate/record-batches.ts';
import type { Scenario, ScenarioLimits } from '../scenario/scenario.ts';
import { MOST_CLIENTS } from './cache-load.ts';
import { beginNs, mostPerSec, rampUpWarnings } from './client-pace.ts';
import type { ClosedLoad } from './closed-cache-load.ts';
import { openLoopNote } from './open-loop-note.ts';
import {
  clientOperations,
  openScenarioScript,
  type ScenarioClients,
  type ScenarioScriptData,
} from './scenario-script.ts';

const SCRIPT = new URL('./scenario-script.js', import.meta.url).href;

/** How a scenario is named in the command of its open loop, and the flags that name the targets. */
export interface ScenarioCommand {
  readonly named: string;
  /** Such as ` --endpoint http://server:7432`. */
  readonly targetFlags: string;
}

/** Clients that send the operations of a scenario and wait for their answers; its arrivals take no part. Throws `usage`. */
export function closedScenarioLoad(
  seeded: SeededScenario,
  given: ScenarioClients,
  command: ScenarioCommand = { named: seeded.scenario.name, targetFlags: '' },
): ClosedLoad {
  const { clients, requests, pace } = given;
  const { scenario, seed } = seeded;
  checkScenarioClients(given);
  async function* firstOperations(): AsyncGenerator<TraceRecord[]> {
    const operationOf = clientOperations(seeded, clients);
    yield Array.from({ length: clients }, (_, client) =>
      operationOf(client, 0, beginNs(pace, client, clients)),
    );
  }
  const open = openWorkload(seeded);
  const { protocols, spaces } = open.hints;
  const hints = { protocols, spaces, sessions: clients };
  const trace = { ...open, format: 'clients', hints, records: firstOperations };
  const closedLoop: ClosedLoop = {
    clients,
    durationNs: scenario.durationNs,
    script: {
      module: SCRIPT,
      opener: openScenarioScript.name,
      data: { seeded, clients, requests, pace } satisfies ScenarioScriptData,
    },
    mostPerSec: mostPerSec(pace, clients),
    seed,
    shown: {
      scenario: scenario.name,
      clients,
      duration_secs: scenario.durationNs / 1e9,
      requests: Number.isFinite(requests) ? requests : null,
      think: pace.thinkText,
      ramp_up_secs: pace.rampUpNs / 1e9,
    },
    notesOf: ({ sentPerSec }) => [
      unusedNote(scenario),
      openLoopNote({ clients, sentPerSec, commandAt: (rate) => openLoopCommand(seeded, command, rate) }),
    ],
    warningsOf: () => rampUpWarnings(pace, clients, scenario.durationNs),
  };
  return { trace, closedLoop };
}

/** The limits of a scenario that hold for clients too: how much they send is not in their hands. */
export function closedLimits({ throughputPerSec: _, ...others }: ScenarioLimits): ScenarioLimits {
  return others;
}

function checkScenarioClients({ clients, requests }: ScenarioClients): void {
  if (!(clients >= 1 && clients <= MOST_CLIENTS))
    throw new EngramTraceError('usage', `clients: 1 to ${MOST_CLIENTS}, not ${clients}`);
  if (!(requests >= 1)) throw new EngramTraceError('usage', `requests: at least 1, not ${requests}`);
}

function unusedNote({ arrival, limits: { throughputPerSec } }: Scenario): string {
  const limit =
    throughputPerSec === undefined ? '' : ` and its throughput limit (${throughputPerSec} a second)`;
  return `the scenario's own arrivals (${arrival.pattern})${limit} are not used: clients send what the server lets them`;
}

/** Stages have rates of their own: the open loop is the scenario as it is. */
function openLoopCommand(
  { scenario, seed }: SeededScenario,
  { named, targetFlags }: ScenarioCommand,
  rate: number,
): string | undefined {
  if ('stages' in scenario.arrival) return undefined;
  return `engram-trace run --scenario ${named} --target-rate ${rate} --duration ${scenario.durationNs / 1e9} --seed ${seed}${targetFlags}`;
}
