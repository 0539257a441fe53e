import { sampleTimeNs, type TimeDistribution } from '../../time-distribution.ts';
import { SeededStream } from '../streams/seeded-stream.ts';

/** How the clients of a closed loop take their time. */
export interface ClientPace {
  /** The pause between an answer and the next operation. */
  readonly think: TimeDistribution;
  /** The same as it was written, for the document. */
  readonly thinkText: string;
  /** The last client begins so much later than the first, the others evenly between them. */
  readonly rampUpNs: number;
}

/** The session of client number `client`, which counts from 0. */
export function clientSession(client: number): string {
  return `client-${client + 1}`;
}

/** When a client begins, of so many. */
export function beginNs({ rampUpNs }: ClientPace, client: number, clients: number): number {
  return Math.round((client * rampUpNs) / clients);
}

/** Clients that are to begin when the run is over never do: told, for the run has fewer than were asked for. */
export function rampUpWarnings(pace: ClientPace, clients: number, durationNs: number): string[] {
  if (pace.rampUpNs < durationNs) return [];
  const begun = Math.min(clients, Math.ceil((durationNs * clients) / pace.rampUpNs));
  const times = `the ramp-up of ${pace.rampUpNs / 1e9} s is not shorter than the run (${durationNs / 1e9} s)`;
  return [`${times}: ${begun} of ${clients} clients begin at all`];
}

/** Draws the pause of a client before the operation with this number, which follows from the seed and both alone. */
export function createPauses(
  seed: number,
  { think }: ClientPace,
): (client: number, operation: number) => number {
  const stream = new SeededStream(seed, 'pauses');
  // Two draws for each pause.
  return (client, operation) => sampleTimeNs(think, (which) => stream.uniform(client, 2 * operation + which));
}

/** No server answers sooner, network and all. */
const SOONEST_ANSWER_NS = 100_000;

/** More operations a second so many clients hardly send, however fast the server is. */
export function mostPerSec({ think }: ClientPace, clients: number): number {
  return (clients * 1e9) / (shortNs(think) + SOONEST_ANSWER_NS);
}

/** A pause that is no longer than they are on average. */
function shortNs(think: TimeDistribution): number {
  switch (think.kind) {
    case 'fixed':
      return think.ns;
    case 'uniform':
      return (think.lowNs + think.highNs) / 2;
    case 'exp':
      return think.meanNs;
    case 'lognormal':
      return think.medianNs;
    case 'pareto':
      return think.minimumNs;
  }
}
