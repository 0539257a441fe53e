import { EngramTraceError } from '../error.ts';
import { addLoss, hasLoss, type Loss } from '../trace/record/record.ts';
import { CAPTURE_DEFAULTS } from './capture-defaults.ts';
import { type CaptureOptions, type CaptureSettings, captureSettings } from './capture-options.ts';
import { ByteBudget } from './memory/byte-budget.ts';
import type { BlockStore } from './op-log/block-store.ts';
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
  stats(): CaptureStats;
  /** Stops accepting, lets what is in flight finish for the grace time, closes the segment. */
  close(): Promise<CaptureSummary>;
}

/** Starts recording proxies in front of a server; rejects when an address or the folder can't be used. */
export async function startCapture(given: CaptureOptions): Promise<Capture> {
  const options = captureSettings(given);
  if (options.http === undefined && options.grpc === undefined) {
    throw new EngramTraceError('usage', 'nothing to capture', { hint: 'give an HTTP or a gRPC upstream' });
  }
  if (!/^[0-9A-Za-z]{1,32}$/.test(options.runId)) {
    throw new EngramTraceError('usage', 'a run id has 1 to 32 letters and digits');
  }
  refuseLoop([options.http, options.grpc].filter((listener) => listener !== undefined));
  const { clock, graceMs = CAPTURE_DEFAULTS.graceMs, diskWaitMs = CAPTURE_DEFAULTS.diskWaitMs } = options;
  const nowNs = (): number => clock.nowNs();
  const store = await openStore(options, nowNs);
  const budget = new ByteBudget(options.bufferBytes ?? CAPTURE_DEFAULTS.bufferBytes);
  const recorder = createRecorder({ epochUnixNs: clock.epochUnixNs, nowNs, store, budget });
  const gaveUp = { count: 0, last: '' };
  const troubles = new TroubleLog((text) => options.onWarning?.(text), nowNs);
  const context = tapContext(options, recorder, budget, (reason) => {
    gaveUp.count++;
    gaveUp.last = reason;
    troubles.note(`a connection can't be followed any further, and passes unrecorded: ${reason}`);
  });
  const relays: Relay[] = [];
  const start = async (
    listener: CaptureListener | undefined,
    kind: 'h' | 'g',
  ): Promise<number | undefined> => {
    if (listener === undefined) return undefined;
    const session = (connection: number): string => `${options.runId.slice(0, 8)}-${kind}${connection}`;
    const alpn = kind === 'h' ? ['http/1.1'] : ['h2'];
    const relay = await startRelay({
      ...listener,
      alpn,
      nowNs,
      openTap: (connection) => guardTap(createSniffingTap(context, session(connection)), context),
      onTrouble: (text) => troubles.note(text),
    });
    relays.push(relay);
    const { upstream, upstreamTls } = listener;
    void checkUpstream({ upstream, upstreamTls, alpn }).then((text) => {
      if (text !== '') options.onWarning?.(`${text}; clients will be reset until there is one`);
    });
    return relay.port;
  };
  const stats = (): CaptureStats => ({
    ...relayStats(relays),
    ...recordStats(recorder, gaveUp),
    bufferedBytes: budget.takenBytes,
    ...storeStats(store),
    recordsDropped: recorder.stats.recordsDropped + store.stats.recordsVanished,
  });
  const close = async (waitMs: number): Promise<CaptureSummary> => {
    await Promise.all(relays.map((relay) => relay.close(waitMs)));
    await recorder.close(diskWaitMs);
    const { untold, lossFile, isClosed } = store.stats;
    const untoldLoss = addLoss(recorder.stats.untoldLoss, untold);
    return { ...stats(), untoldLoss, lossFile, closedProperly: isClosed && !hasLoss(untoldLoss) };
  };
  try {
    const httpPort = await start(options.http, 'h');
    const grpcPort = await start(options.grpc, 'g');
    let closing: Promise<CaptureSummary> | undefined;
    return { httpPort, grpcPort, stats, close: () => (closing ??= close(graceMs)) };
  } catch (thrown) {
    await close(0);
    throw thrown;
  }
}

function refuseLoop(listeners: readonly CaptureListener[]): void {
  for (const { upstream } of listeners) {
    if (!listeners.some(({ listen }) => isSamePlace(listen, upstream))) continue;
    throw new EngramTraceError('usage', `${authorityOf(upstream)} is the proxy itself`, {
      hint: 'listen at another port than the server, and give the server as upstream',
    });
  }
}

function openStore(options: CaptureSettings, nowNs: () => number): ReturnType<typeof startWorkerStore> {
  const { retainAgeNs, retainBytes } = options;
  return startWorkerStore({
    directory: options.oplogDirectory,
    nowNs,
    onWarning: options.onWarning,
    segments: {
      header: segmentHeader(options),
      maxAgeNs: options.segmentAgeNs ?? CAPTURE_DEFAULTS.segmentAgeNs,
      maxBytes: options.segmentBytes ?? CAPTURE_DEFAULTS.segmentBytes,
      retention: {
        maxAgeMs: retainAgeNs === undefined ? undefined : retainAgeNs / 1e6,
        maxTotalBytes: retainBytes,
      },
      firstNumber: 1,
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
  keyof RelayStats | keyof ReturnType<typeof storeStats> | 'bufferedBytes'
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
