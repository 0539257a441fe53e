import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { GrpcStream, TraceRecord } from '../../src/trace/record/record.ts';
import { startHeadersServer } from '../support/headers-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';
import { echo, type GrpcSubject, grpcCall, type Methods, withServer } from './conformance-grpc-support.ts';

/** What is sent of records that are unusual, what is refused, and how many go at a time. */
export function testGrpcRequests(subject: GrpcSubject): void {
  testCompressed(subject);
  testRefused(subject);
  testMetadata(subject);
  testMany(subject);
}

function streamOf(data: Buffer): GrpcStream {
  const message = { fromServer: false, offsetNs: 0, data, sizeBytes: data.length, compressed: true };
  return { messages: [message], halfCloseNs: 0, cancelNs: undefined };
}

function testCompressed(subject: GrpcSubject): void {
  test(`${subject.name}: the server gets the message that was recorded compressed`, async () => {
    const body = Buffer.from('hello hello hello');
    const packed: [string, Buffer][] = [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
    ];
    await withServer(subject, { echo }, async (transport, server) => {
      for (const [encoding, data] of packed) {
        const headers = ['grpc-encoding', encoding];
        const unary = grpcCall('echo', { headers, body: data, bodyCompressed: true });
        const streaming = grpcCall('echo', { headers, stream: streamOf(data) });
        for (const record of [unary, streaming]) {
          const { ok, detail, responseBytes } = await sendAndWatch(transport, record).done;
          assert.equal(ok, true, detail);
          // What an answer weighs is told as it came; grpc-js has it unpacked.
          if (subject.name === 'grpc-js') assert.equal(responseBytes, body.length);
        }
      }
      assert.equal(server.calls.length, 4);
      assert.ok(server.calls.every((seen) => seen.messages[0]?.equals(body)));
    });
  });
}

/** Records that no gRPC client can send as they are. */
function impossible(): TraceRecord[] {
  const data = gzipSync('hello');
  const paths = ['', 'nopath', '/', '/€', '/a b\r\nc: d', '/a\0b', '/a\x7f', '/[redacted]'];
  return [
    grpcCall('echo', { body: data, bodyCompressed: true }),
    grpcCall('echo', { stream: streamOf(data) }),
    ...paths.map((path) => ({ ...grpcCall('echo'), path })),
  ];
}

/** grpc-js takes messages only unpacked, and what can't be unpacked it can't send. */
function impossibleToUnpack(): TraceRecord[] {
  const body = Buffer.from('no gzip, and no zstd');
  return ['zstd', 'gzip'].map((encoding) =>
    grpcCall('echo', { headers: ['grpc-encoding', encoding], body, bodyCompressed: true }),
  );
}

function testRefused(subject: GrpcSubject): void {
  test(`${subject.name}: what can't be sent is refused, and the next call is not harmed`, async () => {
    const refused = [...impossible(), ...(subject.name === 'grpc-js' ? impossibleToUnpack() : [])];
    await withServer(subject, { echo }, async (transport, server) => {
      for (const record of refused) {
        const watched = sendAndWatch(transport, record);
        assert.equal((await watched.done).failure, 'bad_request');
        assert.deepEqual(watched.calls, ['done']);
        watched.cancel();
      }
      assert.equal((await sendAndWatch(transport, grpcCall('echo')).done).ok, true);
      assert.equal(server.calls.length, 1);
    });
  });
}

/** Recorded metadata, and what the server gets of it. */
const METADATA: readonly (readonly [name: string, recorded: string, sent: string | undefined])[] = [
  ['x-utf8', 'Ren\xc3\xa9e', 'Ren\xc3\xa9e'],
  ['x-latin1', '\xe9\xff', '\xe9\xff'],
  ['x-odd!name', 'a', 'a'],
  ['x-empty', '', ''],
  ['raw-bin', '\0\0\x01,\xff', 'AAEs/w'],
  ['raw-empty-bin', '\0', ''],
  ['Raw-Case-Bin', '\0a', 'YQ'],
  ['padded-bin', 'AAE=', 'AAE='],
  ['joined-bin', 'AAE=,/w', 'AAE=,/w'],
  ['no-base64-bin', '%%!not base64', '%%!not base64'],
  ['grpc-trace-bin', 'AAAB', 'AAAB'],
  ['grpc-tags-bin', '\0\0\0', 'AAA'],
  ['grpc-previous-rpc-attempts', '2', '2'],
  ['x-ctl', 'a\nb', undefined],
  ['x-nul', 'a\0b', undefined],
  ['x-unicode', '\u65e5', undefined],
  ['bad key', 'x', undefined],
];

function testMetadata(subject: GrpcSubject): void {
  test(`${subject.name}: metadata goes out byte for byte, and the call without what no message holds`, async () => {
    const server = await startHeadersServer();
    const transport = subject.create({ target: server.target, clock: createRealClock() });
    try {
      const twice = ['twice-bin', 'AA', 'twice-bin', '\0,'];
      const headers = [...METADATA.flatMap(([name, recorded]) => [name, recorded] as string[]), ...twice];
      const outcome = await sendAndWatch(transport, grpcCall('m', { headers })).done;
      assert.equal(outcome.ok, true, outcome.detail);
      const got = server.heads[0] ?? [];
      const valuesOf = (name: string): string[] =>
        got.filter((_, i) => i % 2 === 1 && got[i - 1] === name.toLowerCase());
      for (const [name, , sent] of METADATA) {
        assert.deepEqual(valuesOf(name), sent === undefined ? [] : [sent], name);
      }
      assert.deepEqual(valuesOf('twice-bin'), ['AA', 'LA']);
    } finally {
      await transport.close();
      await server.close();
    }
  });
}

function testMany(subject: GrpcSubject): void {
  test(`${subject.name}: the warm-up calls nothing, and hundreds of calls are open at a time`, async () => {
    const held: (() => void)[] = [];
    const peers = new Set<string>();
    const methods: Methods = {
      hold: (stream) => {
        peers.add(stream.getPeer());
        held.push(() => stream.end());
      },
    };
    await withServer(subject, methods, async (transport, server) => {
      await transport.warmUp();
      assert.equal(server.calls.length, 0);
      const all = Array.from(
        { length: 350 },
        (_, i) => sendAndWatch(transport, { ...grpcCall('hold'), session: `s${i % 16}` }).done,
      );
      await until(() => held.length === 350, 'all arrive');
      // What is over the limit of a connection would wait inside grpc-js where nobody sees it.
      assert.ok(peers.size >= (subject.name === 'grpc-js' ? 4 : 2), `${peers.size} connections`);
      for (const end of held) end();
      for (const outcome of await Promise.all(all)) assert.equal(outcome.ok, true);
    });
  });
}
