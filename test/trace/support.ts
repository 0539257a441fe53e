import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ndjsonSource } from '../../src/sources/ndjson/ndjson-source.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import {
  emptyHeader,
  emptyLoss,
  type Loss,
  NO_BYTES,
  type Protocol,
  type TraceHeader,
  type TraceRecord,
  unknownOutcome,
} from '../../src/trace/record/record.ts';
import type { ByteSink, ReadOptions, Trace } from '../../src/trace/trace.ts';
import { createTraceWriter, type TraceWriterOptions } from '../../src/trace/write/create-trace-writer.ts';
import fc from '../support/fast-check.ts';
import { withFolder } from '../support/folders.ts';
import { makeRecord as recordAt } from '../support/make-record.ts';

/** Where fixtures lie, seen from the compiled tests. */
export const FIXTURES = new URL('../../../fixtures/', import.meta.url);

export interface MemorySink extends ByteSink {
  readonly bytes: Buffer;
  readonly isClosed: boolean;
}

export function createMemorySink(): MemorySink {
  const parts: Uint8Array[] = [];
  let isClosed = false;
  return {
    get bytes() {
      return Buffer.concat(parts);
    },
    get isClosed() {
      return isClosed;
    },
    write: async (bytes) => void parts.push(Uint8Array.from(bytes)),
    close: async () => {
      isClosed = true;
    },
  };
}

/** Calls `action` with the path of a file of these bytes. */
export function withFile<T>(bytes: Uint8Array, action: (path: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    return action(path);
  });
}

export async function writeTrace(
  records: readonly TraceRecord[],
  header: Partial<TraceHeader> = {},
  options: TraceWriterOptions & { loss?: Loss } = {},
): Promise<Buffer> {
  const sink = createMemorySink();
  const writer = createTraceWriter(sink, { ...emptyHeader(), ...header }, options);
  await writer.write(records);
  if (options.loss) writer.addLoss(options.loss);
  await writer.finish();
  return sink.bytes;
}

export interface ReadResult {
  records: TraceRecord[];
  warnings: string[];
  loss: Loss;
  header: TraceHeader;
}

export async function collect(trace: Trace, options?: ReadOptions): Promise<ReadResult> {
  try {
    const records: TraceRecord[] = [];
    for await (const batch of trace.records(options)) records.push(...batch);
    return { records, warnings: [...trace.warnings], loss: trace.loss, header: trace.header };
  } finally {
    await trace.close();
  }
}

/** Without the forms of others. */
const OWN_FORMS = { sources: [ndjsonSource] };

export const readPath = async (path: string, options?: ReadOptions): Promise<ReadResult> =>
  collect(await openTrace(path, OWN_FORMS), options);

/** Through a pipe, in chunks of `chunkBytes`. */
export async function readPiped(
  bytes: Uint8Array,
  options?: ReadOptions,
  chunkBytes = 997,
): Promise<ReadResult> {
  return collect(await openTrace('-', { stdin: pipeOf(bytes, chunkBytes), ...OWN_FORMS }), options);
}

export function pipeOf(bytes: Uint8Array, chunkBytes = 997): Readable {
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  return Readable.from(chunks, { objectMode: true });
}

/** A record of Engram's whose outcome nobody recorded. */
export function makeRecord(fields: Partial<TraceRecord> = {}): TraceRecord {
  const path = '/api/v1/memories/recall?query=tea';
  const outcome = unknownOutcome();
  return recordAt(0, { session: 'c1', op: 'recall', space: 'default', path, outcome, ...fields });
}

export const lossOf = (fields: Partial<Loss>): Loss => ({ ...emptyLoss(), ...fields });

export const byStart = (a: TraceRecord, b: TraceRecord): number => a.startNs - b.startNs;

/** fast-check makes some objects without a prototype, which no reader does. */
const objects = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 200 }));
/** Header values: each code point one byte on the wire. */
const latin1 = fc
  .array(fc.nat({ max: 255 }), { maxLength: 30 })
  .map((codes) => String.fromCharCode(...codes));
const bytes = fc.oneof(
  fc.constant(NO_BYTES),
  fc.uint8Array({ maxLength: 400 }),
  text.map((value) => new Uint8Array(new TextEncoder().encode(value))),
);
const orNone = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const streams = objects({
  messages: fc.array(
    objects({
      fromServer: fc.boolean(),
      offsetNs: count,
      data: bytes,
      sizeBytes: count,
      compressed: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  halfCloseNs: orNone(count),
  cancelNs: orNone(count),
});

const outcomes = objects({
  status: orNone(fc.nat({ max: 999 })),
  ok: fc.boolean(),
  error: fc.constantFrom('', 'client_aborted', 'upstream_reset'),
  responseBytes: count,
  responseCrc32: orNone(fc.nat({ max: 0xffffffff })),
  itemCount: orNone(fc.nat()),
  response: orNone(bytes),
});

/** Any record; `starts` says when they start. */
export const records = (starts: fc.Arbitrary<number> = count): fc.Arbitrary<TraceRecord> =>
  objects({
    startNs: starts,
    durationNs: orNone(count),
    session: fc.constantFrom('', 'c1', 'c2', 'client-3'),
    op: fc.constantFrom('remember', 'recall', ''),
    space: fc.constantFrom('', 'default', 'größe'),
    protocol: fc.constantFrom<Protocol>('http', 'grpc'),
    httpVersion: fc.constantFrom(undefined, '1.0' as const),
    method: fc.constantFrom('GET', 'POST', ''),
    path: text,
    headers: fc
      .array(fc.tuple(fc.constantFrom('accept', 'x-id'), latin1), { maxLength: 4 })
      .map((pairs) => pairs.flat()),
    body: bytes,
    bodyCompressed: fc.boolean(),
    bodyBytesMissing: count,
    deadlineNs: orNone(count),
    stream: orNone(streams),
    outcome: outcomes,
  });
