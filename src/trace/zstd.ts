import { createRequire } from 'node:module';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { EngramTraceError } from './error.ts';

/** What this program needs of a zstd library. Frames carry content size and content checksum. */
interface Zstd {
  compress(bytes: Uint8Array, level: number): Uint8Array;
  /** `rawBytes` is the frame's content size, checked by the caller. */
  decompress(frame: Uint8Array, rawBytes: number): Uint8Array;
  compressStream(level: number): Transform;
  decompressStream(): Transform;
}

export const DEFAULT_LEVEL = 3;

let loaded: Zstd | undefined;

/** Compresses into one frame with content size and checksum; throws `missing_zstd` where there is no zstd at all. */
export function compressFrame(bytes: Uint8Array, level: number = DEFAULT_LEVEL): Uint8Array {
  return zstd().compress(bytes, level);
}

/**
 * Decompresses one frame into a buffer of its own of exactly `rawBytes` bytes. Throws a plain Error for a
 * damaged frame: the caller knows which block it was.
 */
export function decompressFrame(frame: Uint8Array, rawBytes: number): Uint8Array {
  return zstd().decompress(frame, rawBytes);
}

/** Compresses a stream into one frame with a checksum. */
export function createCompressStream(level: number = DEFAULT_LEVEL): Transform {
  return zstd().compressStream(level);
}

/** Decompresses any number of frames, as long as no write reaches over the end of one: see `createFrameSplitter`. */
export function createDecompressStream(): Transform {
  return zstd().decompressStream();
}

function zstd(): Zstd {
  loaded ??= loadBinding() ?? loadBuiltIn();
  if (loaded) return loaded;
  throw new EngramTraceError('missing_zstd', 'no zstd library is available', {
    hint: 'Run `npm rebuild zstd-napi` (needs a C++ compiler), or use Node 22.15 or newer, which has zstd built in.',
  });
}

type Binding = typeof import('zstd-napi');

interface DecompressionContext {
  decompress(destination: Uint8Array, source: Uint8Array): number;
}

function loadBinding(): Zstd | undefined {
  const require = createRequire(import.meta.url);
  try {
    const { DCtx } = require('zstd-napi/binding.js') as { DCtx: new () => DecompressionContext };
    // Reading needs no more than the binding; the rest of the package is loaded by the first who writes.
    let napi: Binding | undefined;
    return fromBinding(() => (napi ??= require('zstd-napi') as Binding), new DCtx());
  } catch {
    return undefined; // An optional dependency: not installed, or not built for this machine.
  }
}

function fromBinding(napi: () => Binding, context: DecompressionContext): Zstd {
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
    decompress: (frame, rawBytes) => {
      const raw = new Uint8Array(Buffer.allocUnsafeSlow(rawBytes).buffer);
      const size = context.decompress(raw, frame);
      if (size !== rawBytes) throw new Error(`holds ${size} bytes instead of ${rawBytes}`);
      return raw;
    },
    compressStream: (level) => new (napi().CompressStream)(parameters(level)),
    decompressStream: () => new (napi().DecompressStream)(),
  };
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
    decompress: (frame, rawBytes) => {
      const raw = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, rawBytes) });
      if (raw.length !== rawBytes) throw new Error(`holds ${raw.length} bytes instead of ${rawBytes}`);
      return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
    },
    compressStream: (level) => createZstdCompress({ params: params(level) }),
    decompressStream: () => createZstdDecompress(),
  };
}
