import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import { startReplayLog } from '../../../src/replay-log/start-replay-log.ts';
import { measureReplay } from '../../../src/replay-run/measure-replay.ts';
import type { RunOptions } from '../../../src/replay-run/options/run-options.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import type { TransportKind } from '../../../src/replay-run/target/transport-choice.ts';
import { hostSection } from '../../../src/results/document/host-section.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { HEALTH_SOURCES } from '../../../src/results/health/health-sources.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { verifyReplay } from '../../../src/verify/verify-replay.ts';
import { writeTrace } from '../../cli/replay-support.ts';
import { MS, validated } from '../../results/support.ts';
import { newFolder } from '../../support/folders.ts';
import { PATIENT } from '../../support/patient.ts';

/** Who plays: which transport, from how many threads. */
export interface Means {
  transport: TransportKind;
  senders: number;
}

export const WIRE: Means = { transport: 'wire', senders: 1 };
export const LIBRARY: Means = { transport: 'library', senders: 1 };
export const TWO_SENDERS: Means = { transport: 'wire', senders: 2 };

/** Connections of gRPC that a replay opens to one target: two, and where more threads send, one each. */
export const connectionsOf = ({ senders }: Means): number => Math.max(2, senders);

/** A server that does something wrong. */
export interface FaultServer {
  /** As `--endpoint` and `--grpc-endpoint` take it. */
  readonly target: string;
  close(): Promise<void>;
}

export interface FaultRun {
  document: ResultsDocument;
  warnings: string[];
}

export interface Play<S extends FaultServer> {
  records: readonly TraceRecord[];
  start(): Promise<S>;
  means: Means;
  /** Whether operations wait only `SHORT_MS` for an answer. */
  isShort?: boolean;
  /** Whether a replay log has to prove the document. */
  isLogged?: boolean;
  replay?: RunOptions['replay'];
}

/** For what never answers: short, and so any operation may time out where the machine stands still. */
export const SHORT_MS = 1000;

/**
 * Replays records in this process against a server of its own, over sockets, from a trace file to a results document,
 * which must validate.
 */
export async function playFaults<S extends FaultServer>(play: Play<S>): Promise<FaultRun & { server: S }> {
  const folder = newFolder();
  const trace = await openTrace(await writeTrace(join(folder, 'fault.trace.zst'), play.records));
  const server = await play.start();
  try {
    const logPath = join(folder, 'replay.rlog');
    const run = await replayed(play, trace, server.target, play.isLogged ? logPath : undefined);
    if (play.isLogged) await assertProven(logPath, run.document, trace);
    return { ...run, server };
  } finally {
    await server.close();
    await trace.close();
  }
}

async function replayed<S extends FaultServer>(
  { means, isShort, replay }: Play<S>,
  trace: Trace,
  target: string,
  logPath: string | undefined,
): Promise<FaultRun> {
  const warnings: string[] = [];
  const document = await measureReplay(
    {
      trace,
      http: parseHttpEndpoint(target.includes('://') ? target : `http://${target}`),
      grpc: parseGrpcEndpoint(target),
      tls: { insecure: true },
      ...means,
      replay: { ...PATIENT, ...(isShort ? { timeoutNs: SHORT_MS * MS } : {}), ...replay },
    },
    {
      clock: createRealClock(),
      nowMs: () => Date.now(),
      tool: { name: 'engram-trace', version: '0' },
      host: hostSection(),
      health: HEALTH_SOURCES,
      openReplayLog:
        logPath === undefined ? undefined : (header) => startReplayLog({ path: logPath, header }),
      warn: (text) => warnings.push(text),
    },
  );
  return { document: validated(document), warnings };
}

async function assertProven(logPath: string, document: ResultsDocument, trace: Trace): Promise<void> {
  const { logDamage, checks } = await verifyReplay(logPath, document, trace);
  assert.deepEqual(logDamage, []);
  assert.deepEqual(
    checks.filter(({ agrees }) => !agrees),
    [],
  );
}
