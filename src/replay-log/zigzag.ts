import type { ByteWriter } from '../trace/bytes/byte-writer.ts';
import type { WireReader } from '../trace/bytes/wire-reader.ts';

/** Above it twice a value is no exact number. Times of a recording may be twice as large, and lie that far apart. */
const EXACT = 2 ** 52;

/** Writes a signed integer as protobuf's sint64, and `plus` (0 or 1) more: readers that take 0 for absent want 1. */
export function writeSigned(out: ByteWriter, value: number, plus: 0 | 1 = 0): void {
  if (!(Math.abs(value) >= EXACT)) {
    out.varint((value >= 0 ? 2 * value : -2 * value - 1) + plus);
    return;
  }
  const whole = BigInt(value);
  out.int64(BigInt.asIntN(64, (whole >= 0n ? 2n * whole : -2n * whole - 1n) + BigInt(plus)));
}

/** What `writeSigned` was given. */
export function readSigned(reader: WireReader): number {
  return unzigzag(reader.unsigned());
}

/** The same where 1 was added; NaN for 0, which stands for absent. */
export function readOptionalSigned(reader: WireReader): number {
  const raw = reader.unsigned();
  if (typeof raw === 'bigint') return unzigzag(raw - 1n);
  return raw === 0 ? Number.NaN : unzigzag(raw - 1);
}

function unzigzag(raw: number | bigint): number {
  if (typeof raw === 'bigint') return Number(raw % 2n === 0n ? raw / 2n : -(raw + 1n) / 2n);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}
