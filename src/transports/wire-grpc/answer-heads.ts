import { fnv1aOfBytes } from '../../hash.ts';
import { HpackDecoder } from '../../wire/hpack/decoder.ts';
import { joinedValue } from '../answer/counted-header.ts';

/** The parts of an answer's headers or trailers that say how a call went. */
export interface GrpcAnswerHead {
  /** HTTP status; undefined in trailers, NaN for what is no number. */
  httpStatus: number | undefined;
  /** The gRPC status; undefined where there is none, NaN where it is no number. */
  grpcStatus: number | undefined;
  grpcMessage: string;
  contentType: string;
  grpcEncoding: string;
  /** The value of the header that answers are counted by. */
  counted: string | undefined;
}

const SLOTS = 256;
const LONGEST_REMEMBERED = 1024;

interface Remembered {
  bytes: Buffer;
  head: GrpcAnswerHead;
}

/**
 * Reads the header blocks of one connection. As we announced a table of no bytes, equal answers are equal bytes;
 * those seen before are not decoded again. A server that uses a table all the same is followed, block by block.
 */
export class AnswerHeads {
  readonly #decoder = new HpackDecoder();
  readonly #countByHeader: string | undefined;
  #slots: (Remembered | undefined)[] = new Array(SLOTS).fill(undefined);

  /** `countByHeader`: the name of a header, in lower case, whose value is kept. */
  constructor(countByHeader?: string | undefined) {
    this.#countByHeader = countByHeader;
  }

  /** Throws `malformed` for what is no HPACK; the connection is then of no use any more. */
  read(bytes: Buffer, from: number, to: number): GrpcAnswerHead {
    const slot = hash(bytes, from, to) % SLOTS;
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known.bytes, bytes, from, to)) return known.head;
    const block = Buffer.from(bytes.subarray(from, to));
    const head = headOf(this.#decoder.decode(block), this.#countByHeader);
    if (this.#decoder.usedTable) this.#slots = new Array(SLOTS).fill(undefined);
    else if (block.length <= LONGEST_REMEMBERED) this.#slots[slot] = { bytes: block, head };
    return head;
  }
}

/** Computes FNV-1a over the length and the last bytes, which is where answers differ: dates, sizes, statuses. */
function hash(bytes: Buffer, from: number, to: number): number {
  return fnv1aOfBytes(bytes, Math.max(from, to - 48), to, to - from) >>> 0;
}

function isSame(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let at = 0; at < known.length; at += 1) if (known[at] !== bytes[from + at]) return false;
  return true;
}

function headOf(list: readonly string[], countByHeader: string | undefined): GrpcAnswerHead {
  const head: GrpcAnswerHead = {
    httpStatus: undefined,
    grpcStatus: undefined,
    grpcMessage: '',
    contentType: '',
    grpcEncoding: '',
    counted: undefined,
  };
  for (let at = 0; at + 1 < list.length; at += 2) {
    const value = list[at + 1] as string;
    if (list[at] === countByHeader) head.counted = joinedValue(head.counted, value);
    switch (list[at]) {
      case ':status':
        head.httpStatus = numberOf(value);
        break;
      case 'grpc-status':
        head.grpcStatus = numberOf(value);
        break;
      case 'grpc-message':
        head.grpcMessage = percentDecoded(value);
        break;
      case 'content-type':
        head.contentType = value.toLowerCase();
        break;
      case 'grpc-encoding':
        head.grpcEncoding = value;
        break;
    }
  }
  return head;
}

function numberOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

/** Status-Message of the gRPC protocol; what is not encoded as it should be is given as it came. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
