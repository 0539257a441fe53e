import type { Socket } from 'node:net';
import { EngramTraceError } from '../error.ts';
import { addLoss, hasLoss, type Loss } from '../trace/record/record.ts';
import { CAPTURE_DEFAULTS } from './capture-defaults.ts';
import { type CaptureOptions, type CaptureSettings, captureSettings } from './capture-options.ts';
import { ByteBudget } from './memory/byte-budget.ts';
import type { BlockStore } from './op-log/block-store.ts';
import type { EndedRun } from './op-log/loss-file.ts';
import { createRecorder, type Recorder, type RecorderStats } from './op-log/recorder.ts';
import { startWorkerStore } from './op-log/worker-store.ts';
import { createParameterRule } from './redact/parameter-rule.ts';
import { createRedactingSink } from './redacting-sink.ts';
import type { CaptureListener } from './relay/capture-listener.ts';
import { authorityOf, isSamePlace } from './relay/host-port.ts';
import { type Relay, startRelay } from './relay/relay.ts';
import { checkUpstream } from './relay/upstream.ts';
import { parameterFlags, redactorOf, segmentHeader } from './segment-header.ts';
import { createSniffingTap } from './taps/sniffing-tap.ts';
import { guardTap, type TapContext } from './taps/tap.ts';
import { TroubleLog } from './trouble-log.ts';

/** What a capture counts; losses that nobody was told of are only known when it has ended. */
export interface CaptureStats extends Omit<RecorderStats, 'untoldLoss'> {
  readonly connections: number;
  readonly openConnections: number;
  /** Connections whose upstream did not answer. */
  readonly unreachable: number;
  /** Connections the taps stopped following in one direction or both. */
  readonly gaveUp: number;
  readonly lastGaveUp: string;
  /** The part of `bufferBytes` that is taken: all that is held in memory at the moment. */
  readonly bufferedBytes: number;
  readonly segments: number;
  readonly bytesWritten: number;
  readonly blocksLost: number;
  /** Segments that somebody removed, moved or cut while they were written. */
  readonly segmentsVanished: number;
  readonly lastWriteError: string;
  /** How long the disk has not answered a call. */
  readonly diskSilentMs: number;
  /** Processes that relay; where they are several, this process only hands out connections. */
  readonly relays: number;
  /** Of those, how many died so far; another one took the place of each. */
  readonly relaysDied: number;
}

export interface CaptureSummary extends CaptureStats {
  /** Losses that no segment tells of, because the disk took no more blocks. */
  readonly untoldLoss: Loss;
  /** The file in the op log that holds them; '' where there is none. */
  readonly lossFile: string;
  /** The last segment is whole, and there is no untold loss. */
  readonly closedProperly: boolean;
}

/** A capture that is running. */
export interface Capture {
  /** Real port; undefined where there is no such listener. */
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
  /** Of several relays it is what they said last, every quarter of a second. */
  stats(): CaptureStats;
  /** Resolves when no relay can be kept alive, with what to tell people; `close` is still to be called. */
  readonly failed: Promise<EngramTraceError>;
  /** Stops accepting, lets what is in flight finish for the grace time, closes the segment. */
  close(): Promise<CaptureSummary>;
}

/** What is different where a capture is one of several relays, which share addresses, people and an op log. */
export interface RelayRole {
  /** Runs of this capture whose relays died, and could not close their files. */
  readonly ended: readonly EndedRun[];
  /** Told of each trouble of a connection: people have to hear of it once, from all relays together. */
  readonly onTrouble: (text: string) => void;
  /** A connection is over. */
  readonly onClosed: () => void;
}

/** A capture that takes over connections instead of listening. */
export interface RelayCapture extends Pick<Capture, 'stats' | 'close'> {
  accept(kind: ListenerKind, client: Socket): void;
  openConnections(): number;
  /** Losses that no block tells of so far. */
  untoldLoss(): Loss;
}

/** The two listeners of a capture, by the name of their option. */
export type ListenerKind = 'http' | 'grpc';

/** Starts recording proxies in front of a server; rejects when an address or the folder can't be used. */
export async function startCapture(given: Omit<CaptureOptions, 'relays'>): Promise<Capture> {
  const options = captureSettings(given);
  refuseImpossible(options);
  const { relays, ...capture } = await record(options, undefined);
  for (const kind of LISTENER_KINDS) warnOfUpstream(options, kind);
  return {
    ...capture,
    httpPort: relays.http?.port,
    grpcPort: relays.grpc?.port,
    failed: new Promise(() => {}), // whatever breaks here ends the process
  };
}

/** Starts one of several relays. Its settings have been looked at. */
export async function startRelayCapture(options: CaptureSettings, role: RelayRole): Promise<RelayCapture> {
  const { relays, ...capture } = await record(options, role);
  return {
    ...capture,
    accept: (kind, client) => relays[kind]?.accept(client),
    openConnections: () => (relays.http?.openConnections ?? 0) + (relays.grpc?.openConnections ?? 0),
  };
}

/** Throws `usage` for settings that no capture can have. */
export function refuseImpossible(options: CaptureSettings): void {
  if (options.http === undefined && options.grpc === undefined) {
    throw new EngramTraceError('usage', 'nothing to capture', { hint: 'give an HTTP or a gRPC upstream' });
  }
  if (!/^[0-9A-Za-z]{1,32}$/.test(options.runId)) {
    throw new EngramTraceError('usage', 'a run id has 1 to 32 letters and digits');
  }
  refuseLoop([options.http, options.grpc].filter((listener) => listener !== undefined));
}

/** Connects to the server once, without a word, and tells people what stands in the way. */
export function warnOfUpstream(options: CaptureSettings, kind: ListenerKind): void {
  const listener = options[kind];
  if (listener === undefined) return;
  const { upstream, upstreamTls } = listener;
  void checkUpstream({ upstream, upstreamTls, alpn: ALPN[kind] }).then((text) => {
    if (text !== '') options.onWarning?.(`${text}; clients will be reset until there is one`);
  });
}

export const LISTENER_KINDS: readonly ListenerKind[] = ['http', 'grpc'];
const ALPN: Readonly<Record<ListenerKind, readonly string[]>> = { http: ['http/1.1'], grpc: ['h2'] };

interface Recording extends Pick<Capture, 'stats' | 'close'> {
  readonly relays: Partial<Record<ListenerKind, Relay>>;
  untoldLoss(): Loss;
}

/** Records what its relays pass on; it listens unless it has a role. */
async function record(options: CaptureSettings, role: RelayRole | undefined): Promise<Recording> {
  const { clock, graceMs = CAPTURE_DEFAULTS.graceMs, diskWaitMs = CAPTURE_DEFAULTS.diskWaitMs } = options;
  const nowNs = (): number => clock.nowNs();
  const store = await openStore(options, nowNs, role);
  const budget = new ByteBudget(options.bufferBytes ?? CAPTURE_DEFAULTS.bufferBytes);
  const recorder = createRecorder({ epochUnixNs: clock.epochUnixNs, nowNs, store, budget });
  const gaveUp = { count: 0, last: '' };
  const troubles = new TroubleLog((text) => options.onWarning?.(text), nowNs);
  const onTrouble = role?.onTrouble ?? ((text: string) => troubles.note(text));
  const context = tapContext(options, recorder, budget, (reason) => {
    gaveUp.count++;
    gaveUp.last = reason;
    onTrouble(`a connection can't be followed any further, and passes unrecorded: ${reason}`);
  });
  const relays: Partial<Record<ListenerKind, Relay>> = {};
  const start = async (kind: ListenerKind): Promise<void> => {
    const listener = options[kind];
    if (listener === undefined) return;
    relays[kind] = await startRelay({
      ...listener,
      listen: role === undefined ? listener.listen : undefined,
      alpn: ALPN[kind],
      nowNs,
      openTap: (connection) => {
        const session = `${options.sessionPrefix}-${kind[0]}${connection}`;
        return guardTap(createSniffingTap(context, session), context);
      },
      onTrouble,
      onClosed: role?.onClosed,
    });
  };
  const stats = (): CaptureStats => ({
    ...relayStats(Object.values(relays)),
    ...recordStats(recorder, gaveUp),
    bufferedBytes: budget.takenBytes,
    ...storeStats(store),
    recordsDropped: recorder.stats.recordsDropped + store.stats.recordsVanished,
    relays: 1,
    relaysDied: 0,
  });
  const untoldLoss = (): Loss => addLoss(recorder.stats.untoldLoss, store.stats.untold);
  const close = async (waitMs: number): Promise<CaptureSummary> => {
    await Promise.all(Object.values(relays).map((relay) => relay.close(waitMs)));
    await recorder.close(diskWaitMs);
    const { lossFile, isClosed } = store.stats;
    const lost = untoldLoss();
    return { ...stats(), untoldLoss: lost, lossFile, closedProperly: isClosed && !hasLoss(lost) };
  };
  try {
    for (const kind of LISTENER_KINDS) await start(kind);
  } catch (thrown) {
    await close(0);
    throw thrown;
  }
  let closing: Promise<CaptureSummary> | undefined;
  return { relays, stats, untoldLoss, close: () => (closing ??= close(graceMs)) };
}

function refuseLoop(listeners: readonly CaptureListener[]): void {
  for (const { upstream } of listeners) {
    if (!listeners.some(({ listen }) => isSamePlace(listen, upstream))) continue;
    throw new EngramTraceError('usage', `${authorityOf(upstream)} is the proxy itself`, {
      hint: 'listen at another port than the server, and give the server as upstream',
    });
  }
}

function openStore(
  options: CaptureSettings,
  nowNs: () => number,
  role: RelayRole | undefined,
): ReturnType<typeof startWorkerStore> {
  const { retainAgeNs, retainBytes } = options;
  return startWorkerStore({
    directory: options.oplogDirectory,
    nowNs,
    onWarning: options.onWarning,
    // Clients depend on the other relays: one that takes the place of another starts whatever the disk says.
    startsAnyway: (role?.ended.length ?? 0) > 0,
    segments: {
      header: segmentHeader(options),
      maxAgeNs: options.segmentAgeNs ?? CAPTURE_DEFAULTS.segmentAgeNs,
      maxBytes: options.segmentBytes ?? CAPTURE_DEFAULTS.segmentBytes,
      retention: {
        maxAgeMs: retainAgeNs === undefined ? undefined : retainAgeNs / 1e6,
        maxTotalBytes: retainBytes,
      },
      firstNumber: 1,
      ended: role?.ended,
    },
  });
}

interface GaveUp {
  count: number;
  last: string;
}

function tapContext(
  options: CaptureSettings,
  sink: Recorder,
  budget: ByteBudget,
  onGaveUp: (reason: string) => void,
): TapContext {
  const fieldRule = createParameterRule(parameterFlags(options), 'field');
  return {
    sink: options.redactBodies ? createRedactingSink(sink, fieldRule) : sink,
    dialect: options.dialect,
    redactor: redactorOf(options),
    budget,
    maxBodyBytes: options.maxBodyBytes ?? CAPTURE_DEFAULTS.maxBodyBytes,
    keepResponses: options.keepResponses ?? false,
    onGaveUp,
  };
}

type RelayStats = Pick<CaptureStats, 'connections' | 'openConnections' | 'unreachable'>;

function relayStats(relays: readonly Relay[]): RelayStats {
  const sum = (of: (relay: Relay) => number): number => relays.reduce((total, relay) => total + of(relay), 0);
  return {
    connections: sum((relay) => relay.connections),
    openConnections: sum((relay) => relay.openConnections),
    unreachable: sum((relay) => relay.unreachable),
  };
}

type RecordStats = Omit<
  CaptureStats,
  keyof RelayStats | keyof ReturnType<typeof storeStats> | 'bufferedBytes' | 'relays' | 'relaysDied'
>;

function recordStats(recorder: Recorder, gaveUp: GaveUp): RecordStats {
  const { untoldLoss: _, ...stats } = recorder.stats;
  return { ...stats, gaveUp: gaveUp.count, lastGaveUp: gaveUp.last };
}

function storeStats({ stats, silentMs }: BlockStore) {
  const { segments, bytesWritten, blocksLost, vanished, lastError } = stats;
  return {
    segments,
    bytesWritten,
    blocksLost,
    segmentsVanished: vanished,
    lastWriteError: lastError,
    diskSilentMs: silentMs,
  };
}
