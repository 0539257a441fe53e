import { headerBlock } from '../../../src/transports/wire-grpc/header-block.ts';
import { HpackDecoder } from '../../../src/wire/hpack/decoder.ts';
import { FLAG, FRAME, frameOf, uint32 } from '../../../src/wire/http2/frames.ts';
import {
  endsRequest,
  HEAD,
  type Peer,
  type PeerFrame,
  startPeer,
} from '../../transports/conformance-grpc-peer.ts';
import type { FaultServer } from './fault-run.ts';

/** One call as the server sees it. */
export interface FaultCall {
  peer: Peer;
  id: number;
  /** Method of the path `/t.S/<op>`. */
  op: string;
  /** Calls that came before it, on all connections. */
  before: number;
  /** Calls `then` when all that the client had sent before it heard of this has come. */
  afterRoundTrip(then: () => void): void;
}

export interface GrpcFaultServer extends FaultServer {
  /** Whole requests that came. */
  count(): number;
  connections(): number;
}

export interface GrpcFaultServerOptions {
  /** What it announces; null: nothing, ever. */
  settings?: [id: number, value: number][] | null;
  /** The headers of a call are here, and its message may not be. */
  onHeaders?(call: FaultCall): void;
}

/** A server of HTTP/2 by hand: `onCall` does what it likes with each whole request. */
export async function startGrpcServer(
  onCall: (call: FaultCall) => void,
  { settings = [], onHeaders }: GrpcFaultServerOptions = {},
): Promise<GrpcFaultServer> {
  const decoders = new Map<Peer, HpackDecoder>();
  const calls = new Map<string, FaultCall>();
  const onPong = new Map<Peer, () => void>();
  let requests = 0;
  const begin = (peer: Peer, frame: PeerFrame): FaultCall => {
    const decoder = decoders.get(peer) ?? new HpackDecoder();
    decoders.set(peer, decoder);
    const list = decoder.decode(blockOf(frame));
    const path = list[list.indexOf(':path') + 1] ?? '';
    const afterRoundTrip = (then: () => void): void => {
      onPong.set(peer, then);
      peer.send(frameOf(FRAME.ping, 0, 0, Buffer.alloc(8)));
    };
    const op = path.slice(path.lastIndexOf('/') + 1);
    return { peer, id: frame.streamId, op, before: calls.size, afterRoundTrip };
  };
  const server = await startPeer((peer, frame) => {
    // Who hears that he is not understood hangs up.
    if (frame.type === FRAME.goAway && frame.payload.readUInt32BE(4) !== 0) peer.socket.end();
    if (frame.type === FRAME.ping && (frame.flags & FLAG.ack) !== 0) onPong.get(peer)?.();
    const key = `${peer.number} ${frame.streamId}`;
    if (frame.type === FRAME.headers) {
      const call = begin(peer, frame);
      calls.set(key, call);
      onHeaders?.(call);
    }
    const call = calls.get(key);
    if (call === undefined || !endsRequest(frame)) return;
    requests += 1;
    onCall(call);
  }, settings);
  return {
    target: server.target,
    count: () => requests,
    connections: () => server.peers.length,
    close: server.close,
  };
}

/** The header block of a HEADERS frame that holds all of it. */
function blockOf({ flags, payload }: PeerFrame): Buffer {
  const isPadded = (flags & FLAG.padded) !== 0;
  const from = (isPadded ? 1 : 0) + ((flags & FLAG.priority) !== 0 ? 5 : 0);
  return payload.subarray(from, payload.length - (isPadded ? (payload[0] ?? 0) : 0));
}

export function goAway(lastStreamId: number, code = 0, text = ''): Buffer {
  return frameOf(FRAME.goAway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(text)]));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frameOf(FRAME.windowUpdate, 0, streamId, uint32(increment));
}

export function reset(streamId: number, code: number): Buffer {
  return frameOf(FRAME.reset, 0, streamId, uint32(code));
}

/** A header block that is never valid: the dynamic table is empty. */
export function hpackGarbage(streamId: number): Buffer {
  return frameOf(FRAME.headers, FLAG.endHeaders, streamId, Buffer.from([0xff, 0x80, 0x7f]));
}

/** The headers of an answer with 1 MB of metadata, in as many frames as that takes. */
export function hugeHeaders(streamId: number): Buffer {
  const metadata = Array.from({ length: 1000 }, (_, at) => [`x-${at}`, 'v'.repeat(990)]).flat();
  const block = headerBlock([...HEAD, ...metadata]);
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_000) {
    const flags = at + 16_000 >= block.length ? FLAG.endHeaders : 0;
    const type = at === 0 ? FRAME.headers : FRAME.continuation;
    frames.push(frameOf(type, flags, streamId, block.subarray(at, at + 16_000)));
  }
  return Buffer.concat(frames);
}
