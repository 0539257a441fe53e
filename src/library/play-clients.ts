import { EngramTraceError } from '../error.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import type { ClientScript } from '../replay/plan/client-loop.ts';
import type { SendListener, SendOutcome, Transport } from '../replay/ports.ts';
import type { ClosedLoop } from '../replay-run/options/closed-loop.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { emptyHeader, emptyRecord, type TraceRecord } from '../trace/record/record.ts';
import { beginNs, type ClientPace, clientSession, createPauses } from '../workload/clients/client-pace.ts';
import { clientPace, USUAL_THINK } from '../workload/clients/client-scenario.ts';
import { openLoopNote } from '../workload/clients/open-loop-note.ts';
import { type RunReplayOptions, runReplay } from './run-replay.ts';
import { openOwnWorkload } from './workload.ts';

/** What an operation came to. */
export interface OwnAnswer {
  readonly ok: boolean;
  /** Of an operation named `get` or `has` that looks something up: whether it was there. A miss is no error. */
  readonly hit?: boolean | undefined;
  /** Bytes of the answer. */
  readonly bytes?: number | undefined;
  /** One line for people on what failed. */
  readonly detail?: string | undefined;
}

/** One operation: its name in the results, and what does it. A promise that rejects is an operation that failed. */
export interface OwnOperation {
  readonly op: string;
  /** `signal` is aborted where the operation is given up, by a timeout or at the end. */
  run(signal: AbortSignal): Promise<OwnAnswer>;
}

/** A client of the caller's own; it keeps what it knows in itself. */
export interface OwnClient {
  /** Its next operation, by its number from 0; undefined: it is done. Asked when the one before it was answered. */
  next(operation: number): OwnOperation | undefined;
}

/** Clients of the caller's own that wait for their answers. */
export interface OwnClients {
  readonly clients: number;
  /** Nothing is begun after it; 60 s where undefined. */
  readonly durationNs?: number | undefined;
  /** Operations of each client; as many as there is time for where undefined. */
  readonly requests?: number | undefined;
  /** The pause between an answer and the next operation, as in `exp:10ms`; 10ms where undefined. */
  readonly think?: string | undefined;
  /** The last client begins so much later than the first. */
  readonly rampUpNs?: number | undefined;
  /** Of the pauses; 1 where undefined. */
  readonly seed?: number | undefined;
  /** Makes client number `client`, from 0. */
  createClient(client: number): OwnClient;
}

/** All there are: the compiler finds one that is missing. */
const OPTIONS: Record<keyof OwnClients, true> = {
  clients: true,
  durationNs: true,
  requests: true,
  think: true,
  rampUpNs: true,
  seed: true,
  createClient: true,
};

const USUAL_DURATION_NS = 60e9;

/**
 * Plays clients of the caller's own, in this thread, and measures them as a replay is measured: each does one operation,
 * waits for its answer, pauses, and does the next. The second argument names the file for the results, or is as that of
 * `runReplay`. Rejects with `usage` for what makes no sense.
 */
export async function playClients(
  own: OwnClients,
  given: string | Omit<RunReplayOptions, 'closedLoop' | 'transport' | 'senders'> = {},
): Promise<ResultsDocument> {
  refuseUnknownOptions(own, OPTIONS, 'of playClients');
  const { clients, seed = 1, durationNs = USUAL_DURATION_NS, requests = Infinity } = own;
  if (!(Number.isSafeInteger(clients) && clients >= 1))
    throw new EngramTraceError('usage', `clients: a whole number from 1 on, not ${clients}`);
  const pace = clientPace(own.think ?? USUAL_THINK, own.rampUpNs ?? 0, 'think', { durationNs, requests });
  const players = Array.from(
    { length: clients },
    (_, client) => new Player(own.createClient(client), client, requests),
  );
  const options = typeof given === 'string' ? { output: given } : given;
  const closedLoop = closedLoopOf(players, pace, { seed, durationNs, requests });
  return runReplay(traceOf(players, pace), {}, { ...options, closedLoop, transport: transportOf(players) });
}

/** One client, and the operation that it does. */
class Player {
  readonly #client: OwnClient;
  readonly #session: string;
  readonly #requests: number;
  operations = 0;
  current: OwnOperation | undefined;

  constructor(client: OwnClient, number: number, requests: number) {
    this.#client = client;
    this.#session = clientSession(number);
    this.#requests = requests;
  }

  /** The record of its next operation, which is then the current one. */
  next(): TraceRecord | undefined {
    if (this.operations >= this.#requests) return undefined;
    this.current = nextOf(this.#client, this.operations++);
    if (this.current === undefined) return undefined;
    return { ...emptyRecord(), session: this.#session, op: this.current.op };
  }
}

/** Where the client itself fails, so does an operation. */
function nextOf(client: OwnClient, operation: number): OwnOperation | undefined {
  try {
    return client.next(operation);
  } catch (thrown) {
    return { op: 'next', run: () => Promise.reject(thrown) };
  }
}

function traceOf(players: readonly Player[], pace: ClientPace) {
  async function* firstOperations(): AsyncGenerator<TraceRecord[]> {
    const first = players.map((player, client) => {
      const record = player.next();
      return record && { ...record, startNs: beginNs(pace, client, players.length) };
    });
    yield first.filter((record) => record !== undefined);
  }
  const header = { ...emptyHeader(), source: 'generate', dialect: 'memobuild' };
  const hints = { protocols: ['http' as const], sessions: players.length };
  const trace = openOwnWorkload({ name: 'clients', header, records: firstOperations, hints });
  return { ...trace, format: 'clients' };
}

function closedLoopOf(
  players: readonly Player[],
  pace: ClientPace,
  { seed, durationNs, requests }: { seed: number; durationNs: number; requests: number },
): ClosedLoop {
  const pauseNs = createPauses(seed, pace);
  const bySession = new Map(players.map((player, client) => [clientSession(client), { player, client }]));
  const next: ClientScript['next'] = (_, { record: { session } }) => {
    const { player, client } = bySession.get(session) ?? {};
    const record = player?.next();
    if (record === undefined || player === undefined || client === undefined) return undefined;
    return { record, pauseNs: pauseNs(client, player.operations - 1) };
  };
  return {
    clients: players.length,
    durationNs,
    script: { durationNs, next },
    seed,
    shown: {
      clients: players.length,
      duration_secs: durationNs / 1e9,
      requests: Number.isFinite(requests) ? requests : null,
      think: pace.thinkText,
      ramp_up_secs: pace.rampUpNs / 1e9,
    },
    notesOf: ({ sentPerSec }) => [
      openLoopNote({ clients: players.length, sentPerSec, commandAt: () => undefined }),
    ],
    warningsOf: () => [],
  };
}

function transportOf(players: readonly Player[]): Transport {
  const bySession = new Map(players.map((player, client) => [clientSession(client), player]));
  return {
    warmUp: async () => {},
    close: async () => {},
    send(record, _timeScale, listener) {
      const controller = new AbortController();
      listener.onSent();
      void played(bySession.get(record.session)?.current, controller.signal, listener);
      return () => {
        controller.abort();
        listener.onDone({ ...failed('it was given up'), failure: 'cancelled' });
      };
    },
  };
}

async function played(
  operation: OwnOperation | undefined,
  signal: AbortSignal,
  listener: SendListener,
): Promise<void> {
  const outcome = await outcomeOf(operation, signal);
  listener.onFirstAnswer();
  listener.onDone(outcome);
}

async function outcomeOf(operation: OwnOperation | undefined, signal: AbortSignal): Promise<SendOutcome> {
  try {
    const answer = await operation?.run(signal);
    if (typeof answer?.ok !== 'boolean') return failed('the operation resolved with no { ok }');
    const { ok, hit, bytes = 0, detail = '' } = answer;
    if (hit !== undefined && !LOOKUPS.includes(operation?.op ?? ''))
      return failed(`hit is told of operations named ${LOOKUPS.join(' or ')}, and not of ${operation?.op}`);
    if (!ok) return { ...failed(detail), responseBytes: bytes };
    return {
      status: hit === undefined ? undefined : STATUS_OF[`${hit}`],
      ok: true,
      failure: undefined,
      detail,
      responseBytes: bytes,
    };
  } catch (thrown) {
    return failed(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Operations that the memobuild dialect knows to look something up, and the status by which it knows a miss. */
const LOOKUPS = ['get', 'has'];
const STATUS_OF = { true: 200, false: 404 } as const;

function failed(detail: string): SendOutcome {
  return { status: undefined, ok: false, failure: 'other', detail, responseBytes: 0 };
}
