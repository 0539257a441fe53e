import { createRequire } from 'node:module';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { EngramTraceError } from '../../error.ts';

/** What this program needs of a zstd library. Frames carry content size and content checksum. */
interface Zstd {
  compress(bytes: Uint8Array, level: number): Uint8Array;
  /** `rawBytes` is the frame's content size, checked by the caller; `into` has as many. */
  decompress(frame: Uint8Array, rawBytes: number, into: Uint8Array | undefined): Uint8Array;
  compressStream(level: number): Transform;
  inflate(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

export const DEFAULT_LEVEL = 3;

let loaded: Zstd | undefined;

/** Compresses into one frame with content size and checksum; throws `missing_zstd` where there is no zstd at all. */
export function compressFrame(bytes: Uint8Array, level: number = DEFAULT_LEVEL): Uint8Array {
  return zstd().compress(bytes, level);
}

/**
 * Decompresses one frame into `into`, or else a buffer of its own, of exactly `rawBytes` bytes. Throws a plain Error
 * for a damaged frame: the caller knows which block it was.
 */
export function decompressFrame(frame: Uint8Array, rawBytes: number, into?: Uint8Array): Uint8Array {
  return zstd().decompress(frame, rawBytes, into);
}

/** Compresses a stream into one frame with a checksum. */
export function createCompressStream(level: number = DEFAULT_LEVEL): Transform {
  return zstd().compressStream(level);
}

/**
 * Decompresses any number of frames, as long as no piece reaches over the end of one: see `createFrameSplitter`. Nothing
 * is decompressed before it is asked for, so that memory stays bounded whatever the ratio. Throws a plain Error for
 * damage; that the last frame is not whole is for the splitter to find.
 */
export function inflate(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return zstd().inflate(pieces);
}

/** Throws `missing_zstd` where there is no zstd at all: for who would otherwise find out after it has begun. */
export function requireZstd(): void {
  zstd();
}

function zstd(): Zstd {
  loaded ??= loadBinding() ?? loadBuiltIn();
  if (loaded) return loaded;
  throw new EngramTraceError('missing_zstd', 'no zstd library is available', {
    hint: 'Run `npm install zstd-napi` (with -g where engram-trace was installed with it), or use Node 22.15 or newer, which has zstd built in.',
  });
}

type Binding = typeof import('zstd-napi');

interface DecompressionContext {
  decompress(destination: Uint8Array, source: Uint8Array): number;
  /** Returns a hint, the bytes produced and the bytes consumed. */
  decompressStream(destination: Uint8Array, source: Uint8Array): [number, number, number];
}
type ContextClass = new () => DecompressionContext;

const OUT_BYTES = 128 * 1024;

function loadBinding(): Zstd | undefined {
  const require = createRequire(import.meta.url);
  try {
    const { DCtx } = require('zstd-napi/binding.js') as { DCtx: ContextClass };
    // Reading needs no more than the binding; the rest of the package is loaded by the first who writes.
    let napi: Binding | undefined;
    return fromBinding(() => (napi ??= require('zstd-napi') as Binding), DCtx);
  } catch {
    return undefined; // An optional dependency: not installed, or not built for this machine.
  }
}

function fromBinding(napi: () => Binding, Context: ContextClass): Zstd {
  const context = new Context();
  const parameters = (level: number) => ({
    compressionLevel: level,
    checksumFlag: true,
    contentSizeFlag: true,
  });
  const compressors = new Map<number, InstanceType<Binding['Compressor']>>();
  const compressor = (level: number) => {
    const known = compressors.get(level) ?? new (napi().Compressor)();
    if (!compressors.has(level)) known.setParameters(parameters(level));
    compressors.set(level, known);
    return known;
  };
  return {
    compress: (bytes, level) => compressor(level).compress(bytes),
    // The package's own decompress() allocates whatever the frame claims; this one what was agreed on.
    decompress: (frame, rawBytes, into) => {
      const raw = into ?? new Uint8Array(Buffer.allocUnsafeSlow(rawBytes).buffer);
      const size = context.decompress(raw, frame);
      if (size !== rawBytes) throw new Error(`holds ${size} bytes instead of ${rawBytes}`);
      return raw;
    },
    compressStream: (level) => new (napi().CompressStream)(parameters(level)),
    inflate: (pieces) => inflateByBinding(pieces, new Context()),
  };
}

/** The package's own stream decompresses all of a write at once: 128 KiB can be 2 GiB. */
async function* inflateByBinding(
  pieces: AsyncIterable<Uint8Array>,
  context: DecompressionContext,
): AsyncGenerator<Uint8Array> {
  let out = Buffer.allocUnsafeSlow(OUT_BYTES);
  for await (const piece of pieces) {
    let rest = piece;
    for (;;) {
      const [, produced, consumed] = context.decompressStream(out, rest);
      rest = rest.subarray(consumed);
      const isFull = produced === out.length;
      // A few bytes must not hold on to a whole buffer.
      if (isFull) yield out;
      else if (produced > 0) yield Buffer.from(out.subarray(0, produced));
      if (isFull) out = Buffer.allocUnsafeSlow(OUT_BYTES);
      else if (rest.length === 0) break;
    }
  }
}

type Options = { params?: Record<number, number>; pledgedSrcSize?: number; maxOutputLength?: number };

/** The part of node:zlib that came with Node 22.15; the types of Node 20 don't have it. */
interface BuiltIn {
  zstdCompressSync?(bytes: Uint8Array, options: Options): Buffer;
  zstdDecompressSync?(bytes: Uint8Array, options: Options): Buffer;
  createZstdCompress?(options: Options): Transform;
  createZstdDecompress?(): Transform;
}

function loadBuiltIn(): Zstd | undefined {
  const { zstdCompressSync, zstdDecompressSync, createZstdCompress, createZstdDecompress } = zlib as BuiltIn;
  if (!zstdCompressSync || !zstdDecompressSync || !createZstdCompress || !createZstdDecompress)
    return undefined;
  const constants = zlib.constants as unknown as Record<string, number>;
  const params = (level: number) => ({
    [constants['ZSTD_c_compressionLevel'] ?? 100]: level,
    [constants['ZSTD_c_contentSizeFlag'] ?? 200]: 1,
    [constants['ZSTD_c_checksumFlag'] ?? 201]: 1,
  });
  return {
    compress: (bytes, level) =>
      zstdCompressSync(bytes, { params: params(level), pledgedSrcSize: bytes.length }),
    decompress: (frame, rawBytes, into) => {
      const raw = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, rawBytes) });
      if (raw.length !== rawBytes) throw new Error(`holds ${raw.length} bytes instead of ${rawBytes}`);
      if (into === undefined) return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
      into.set(raw);
      return into;
    },
    compressStream: (level) => createZstdCompress({ params: params(level) }),
    inflate: (pieces) => inflateByStream(pieces, createZstdDecompress()),
  };
}

/** Asks for no piece before what it made of the last one was taken: on a pipe the next may never come. */
async function* inflateByStream(
  pieces: AsyncIterable<Uint8Array>,
  stream: Transform,
): AsyncGenerator<Uint8Array> {
  let wake = (): void => {};
  // The error itself is what a write ends in.
  stream.on('readable', () => wake()).on('error', () => wake());
  try {
    for await (const piece of pieces) {
      let isWritten = false;
      const writing = writeTo(stream, piece).finally(() => {
        isWritten = true;
        wake();
      });
      writing.catch(() => {});
      while (!isWritten) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isWritten || stream.readableLength > 0) resolve();
        });
        yield* waitingIn(stream);
      }
      await writing;
    }
    stream.end();
    for await (const chunk of stream) yield chunk as Uint8Array;
  } finally {
    stream.destroy();
  }
}

function* waitingIn(stream: Transform): Generator<Uint8Array> {
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) yield chunk as Uint8Array;
}

function writeTo(stream: Transform, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('close', resolve);
    stream.write(piece, (error) => {
      stream.off('close', resolve);
      if (error) reject(error);
      else resolve();
    });
  });
}
