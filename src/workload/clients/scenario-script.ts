import type { ClientScript } from '../../replay/plan/client-loop.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { SeededScenario } from '../generate/record-batches.ts';
import { createRecordMaker } from '../requests/record-maker.ts';
import { type ClientPace, clientSession, createPauses } from './client-pace.ts';

/** Clients that send the operations of a scenario. */
export interface ScenarioClients {
  readonly clients: number;
  /** Operations of each client; `Infinity`: as many as there is time for. */
  readonly requests: number;
  readonly pace: ClientPace;
}

/** What they are made from. */
export interface ScenarioScriptData extends ScenarioClients {
  readonly seeded: SeededScenario;
}

/**
 * Makes the operations of clients: number `operation` of a client, from 0, is one of the scenario's own that belongs to no
 * other client, and is the same whatever the others have sent by then.
 */
export function clientOperations(
  { scenario, seed }: SeededScenario,
  clients: number,
): (client: number, operation: number, startNs: number) => TraceRecord {
  const maker = createRecordMaker(scenario, seed);
  return (client, operation, startNs) => {
    const record = maker.record(operation * clients + client, startNs);
    record.session = clientSession(client);
    return record;
  };
}

/** What the clients of a scenario do after their first operation, which the trace of the run has. */
export async function openScenarioScript(data: ScenarioScriptData): Promise<ClientScript> {
  const { seeded, clients, requests, pace } = data;
  const operationOf = clientOperations(seeded, clients);
  const pauseNs = createPauses(seeded.seed, pace);
  const made = new Float64Array(clients).fill(1);
  return {
    durationNs: seeded.scenario.durationNs,
    next: (client) => {
      const operation = made[client] ?? Infinity;
      if (operation >= requests) return undefined;
      made[client] = operation + 1;
      return { record: operationOf(client, operation, 0), pauseNs: pauseNs(client, operation) };
    },
  };
}
