import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { SendListener, SendOutcome, Transport } from '../../src/replay/ports.ts';
import { emptyRecord, NO_BYTES, type TraceRecord } from '../../src/trace/record/record.ts';
import type { TlsSettings } from '../../src/transports/connect/tls-settings.ts';
import { createGrpcTransport } from '../../src/transports/grpc-js/grpc-transport.ts';
import { createUndiciTransport } from '../../src/transports/undici/undici-transport.ts';
import { createWireGrpcTransport } from '../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { createWireHttpTransport } from '../../src/transports/wire-http/wire-http-transport.ts';
import { GRPC_ANSWER_BYTES, HTTP_ANSWER } from './nginx-target.ts';
import { outputOf } from './run-child.ts';

/** What one client process does: so many operations, the next when one ends. */
export interface CostWork {
  transport: keyof typeof TRANSPORTS;
  port: number;
  operations: number;
  /** Operations before those that are measured. */
  warmUp: number;
  inFlight: number;
  /** 0: a GET. */
  bodyBytes: number;
  /** No request line is like the one before, as with real queries. */
  newPaths?: boolean;
  tls?: boolean;
}

/** gRPC calls share so many connections. */
export const GRPC_CONNECTIONS = 2;
export const HTTP_PATH = '/api/v1/memories/recall?query=bench';

const CA = new URL('../../../fixtures/tls/ca.pem', import.meta.url);

const TRANSPORTS = {
  'wire-http': (work: CostWork) => createWireHttpTransport(httpOptions(work)),
  undici: (work: CostWork) => createUndiciTransport(httpOptions(work)),
  'wire-grpc': (work: CostWork) => createWireGrpcTransport(grpcOptions(work)),
  'grpc-js': (work: CostWork) => createGrpcTransport(grpcOptions(work)),
};

/** CPU us per operation, in a process of its own on core 0, so that no transport inherits another's heap. */
export async function clientCost(work: CostWork): Promise<number> {
  const script = fileURLToPath(import.meta.url);
  return Number(await outputOf([process.execPath, script, '--client', JSON.stringify(work)], { cores: '0' }));
}

async function client(work: CostWork): Promise<void> {
  const transport: Transport = TRANSPORTS[work.transport](work);
  // grpc-js lets a process end that waits for nothing but its connections.
  const awake = setInterval(() => {}, 1000);
  await transport.warmUp();
  await drive(transport, work, work.warmUp);
  const before = process.cpuUsage();
  await drive(transport, work, work.operations);
  const { user, system } = process.cpuUsage(before);
  await transport.close();
  clearInterval(awake);
  console.log((user + system) / work.operations);
}

/** Closed loop: each operation that ends starts the next. */
function drive(transport: Transport, work: CostWork, operations: number): Promise<void> {
  const isGrpc = work.transport.includes('grpc');
  const record = isGrpc ? callRecord(work.bodyBytes) : requestRecord(work.bodyBytes);
  const answerBytes = isGrpc ? GRPC_ANSWER_BYTES : HTTP_ANSWER.length;
  return new Promise((resolve, reject) => {
    let started = 0;
    let ended = 0;
    const next = (): void => {
      started += 1;
      if (work.newPaths) record.path = `${HTTP_PATH}${started}`;
      transport.send(record, 1, listener);
    };
    const listener: SendListener = {
      onSent() {},
      onFirstAnswer() {},
      onDone(outcome: SendOutcome) {
        ended += 1;
        if (!outcome.ok || outcome.responseBytes !== answerBytes) reject(new Error(JSON.stringify(outcome)));
        else if (ended === operations) resolve();
        else if (started < operations) next();
      },
    };
    while (started < Math.min(work.inFlight, operations)) next();
  });
}

function requestRecord(bodyBytes: number): TraceRecord {
  return {
    ...emptyRecord(),
    session: 's',
    op: 'recall',
    method: bodyBytes === 0 ? 'GET' : 'POST',
    path: HTTP_PATH,
    headers: ['accept', 'application/json', 'user-agent', 'bench'],
    body: bodyBytes === 0 ? NO_BYTES : Buffer.alloc(bodyBytes, 'x'),
  };
}

function callRecord(bodyBytes: number): TraceRecord {
  return {
    ...emptyRecord(),
    session: 's',
    op: 'remember',
    protocol: 'grpc',
    method: 'POST',
    path: '/S/M',
    headers: ['te', 'trailers', 'content-type', 'application/grpc', 'user-agent', 'bench'],
    body: new Uint8Array(bodyBytes),
  };
}

function httpOptions({ port, tls }: CostWork): { origin: URL; tls: TlsSettings } {
  return { origin: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`), tls: tlsSettings(tls) };
}

function grpcOptions({ port, tls }: CostWork) {
  const base = { target: `127.0.0.1:${port}`, channels: GRPC_CONNECTIONS, clock: createRealClock() };
  return tls ? { ...base, tls: tlsSettings(tls) } : base;
}

function tlsSettings(isOn: boolean | undefined): TlsSettings {
  return isOn ? { ca: readFileSync(CA) } : {};
}

if (process.argv[2] === '--client') await client(JSON.parse(process.argv[3] ?? '') as CostWork);
