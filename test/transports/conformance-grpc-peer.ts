import { type AddressInfo, createServer, type Socket } from 'node:net';
import { headerBlock } from '../../src/transports/wire-grpc/header-block.ts';
import {
  CONNECTION_PREFACE,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  frameOf,
  readUint31,
} from '../../src/wire/http2/frames.ts';

export interface PeerFrame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

/** The server's end of one connection, frame by frame. */
export interface Peer {
  readonly number: number;
  readonly socket: Socket;
  readonly frames: PeerFrame[];
  send(...frames: Uint8Array[]): void;
}

export interface PeerServer {
  readonly target: string;
  readonly peers: Peer[];
  close(): Promise<void>;
}

/** A server that sends SETTINGS (unless null) and leaves all else to `onFrame`. */
export async function startPeer(
  onFrame: (peer: Peer, frame: PeerFrame) => void,
  settings: [id: number, value: number][] | null = [],
): Promise<PeerServer> {
  const peers: Peer[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const peer: Peer = {
      number: peers.length,
      socket,
      frames: [],
      send: (...frames) => void (socket.destroyed || socket.write(Buffer.concat(frames))),
    };
    peers.push(peer);
    socket.on('error', () => {});
    readFrames(socket, (frame) => {
      peer.frames.push(frame);
      onFrame(peer, frame);
    });
    if (settings !== null) peer.send(settingsFrame(settings));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    peers,
    async close() {
      for (const { socket } of peers) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readFrames(socket: Socket, onFrame: (frame: PeerFrame) => void): void {
  let pending = Buffer.alloc(0);
  let hasBegun = false;
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    if (!hasBegun && pending.length >= CONNECTION_PREFACE.length) {
      if (!pending.subarray(0, CONNECTION_PREFACE.length).equals(CONNECTION_PREFACE))
        throw new Error('no preface');
      pending = pending.subarray(CONNECTION_PREFACE.length);
      hasBegun = true;
    }
    while (hasBegun && pending.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + pending.readUIntBE(0, 3);
      if (pending.length < end) return;
      const payload = Buffer.from(pending.subarray(FRAME_HEADER_BYTES, end));
      const [type, flags] = [pending[3] as number, pending[4] as number];
      const streamId = readUint31(pending, 5);
      pending = pending.subarray(end);
      onFrame({ type, flags, streamId, payload });
    }
  });
}

export function settingsFrame(settings: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  });
  return frameOf(FRAME.settings, 0, 0, payload);
}

export function headersOf(streamId: number, list: string[], isEnd = false): Buffer {
  return frameOf(FRAME.headers, FLAG.endHeaders | (isEnd ? FLAG.endStream : 0), streamId, headerBlock(list));
}

export const HEAD = [':status', '200', 'content-type', 'application/grpc'];
export const OK_TRAILERS = ['grpc-status', '0'];

export function messageOf(text: string): Buffer {
  const framed = Buffer.alloc(5 + text.length);
  framed.writeUInt32BE(text.length, 1);
  framed.write(text, 5, 'latin1');
  return framed;
}

/** A good answer, frame by frame. */
export function goodAnswer(streamId: number, text = 'hi'): Buffer[] {
  return [
    headersOf(streamId, HEAD),
    frameOf(FRAME.data, 0, streamId, messageOf(text)),
    headersOf(streamId, OK_TRAILERS, true),
  ];
}

/** Whether a frame is the last of a request. */
export function endsRequest({ type, flags }: PeerFrame): boolean {
  return (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0;
}
