import type { ChaosTarget } from '../replay-run/options/chaos-load.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { greeting } from '../transports/wire-grpc/greeting.ts';
import { framed } from '../transports/wire-grpc/outgoing.ts';
import { createGrpcCallContext, prepareGrpcCall } from '../transports/wire-grpc/prepare-grpc-call.ts';
import { isRefusal, prepareHttpRequest } from '../transports/wire-http/prepare-http-request.ts';
import { createHttpRequestContext } from '../transports/wire-http/request-headers.ts';
import {
  FLAG,
  FRAME,
  frameOf,
  INITIAL_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  writeUint32,
} from '../wire/http2/frames.ts';
import { createRecordMaker } from '../workload/requests/record-maker.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';

/** What a client of the scenario would send on a new connection, one request at a time. */
export interface WholeRequests {
  /** Looks for something; `windowBytes` is what an HTTP/2 server may send ahead. */
  search(number: number, windowBytes?: number): Buffer;
  store(number: number): Buffer;
}

const NOTHING = { store: 0, recall: 0, embeddingSearch: 0, patternCompletion: 0 };
/** What chaos stores, if it ever did, is nothing that the load stores. */
const NUMBERS_FROM = 2 ** 40;

/** Makes the requests of a scenario for a target, with the credentials that the run has. */
export function createWholeRequests(target: ChaosTarget, scenario: Scenario, seed: number): WholeRequests {
  const { protocol } = target;
  const makerOf = (operations: Partial<Scenario['operations']>) =>
    createRecordMaker(
      { ...scenario, mixStages: undefined, protocol, operations: { ...NOTHING, ...operations } },
      seed,
    );
  const searches = makerOf({ embeddingSearch: 1 });
  const stores = makerOf({ store: 1 });
  const bytesOf = protocol === 'http' ? httpBytes(target) : grpcBytes(target);
  return {
    search: (number, windowBytes) => bytesOf(searches.record(number, 0), windowBytes),
    store: (number) => bytesOf(stores.record(NUMBERS_FROM + number, 0)),
  };
}

type BytesOf = (record: TraceRecord, windowBytes?: number) => Buffer;

function httpBytes({ endpoint, headers }: ChaosTarget): BytesOf {
  const context = createHttpRequestContext({ origin: new URL(endpoint.url), headers });
  return (record) => {
    const bytes = prepareHttpRequest(record, context);
    if (isRefusal(bytes)) throw new Error(bytes.detail);
    return bytes;
  };
}

const STREAM = 1;

function grpcBytes({ endpoint, headers }: ChaosTarget): BytesOf {
  const { tls, authority } = endpoint;
  const context = createGrpcCallContext({ scheme: tls ? 'https' : 'http', authority, metadata: headers });
  return (record, windowBytes = INITIAL_WINDOW_BYTES) => {
    const { head, message = Buffer.alloc(0) } = prepareGrpcCall(record, context);
    const ofStream = Buffer.from(head);
    writeUint32(ofStream, 5, STREAM);
    return Buffer.concat([greeting(windowBytes), ofStream, ...dataFrames(framed(message, false))]);
  };
}

function dataFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MAX_FRAME_BYTES) {
    const isLast = at + MAX_FRAME_BYTES >= bytes.length;
    const part = bytes.subarray(at, at + MAX_FRAME_BYTES);
    frames.push(frameOf(FRAME.data, isLast ? FLAG.endStream : 0, STREAM, part));
  }
  return frames;
}
