/** Values of vectors are whole millionths: their texts are short, and the same in JSON and in gRPC. */
export const MILLIONTHS_PER_ONE = 1e6;

/** Gives the bytes of a part; `isLast`: no other part follows. They are there until the next call. */
export type EncodePart = (millionths: Float64Array, isLast: boolean) => Uint8Array;

/** The forms a vector has in requests; each is made of the forms of its parts, one behind the other. */
export type VectorForm = 'text' | 'partial' | 'floats';

/** Makes what encodes parts of at most so many values. */
export function createPartEncoder(form: VectorForm, mostValues: number): EncodePart {
  const room = new Uint8Array(mostValues * MOST_BYTES);
  if (form === 'floats') return floatEncoder(room);
  const every = form === 'partial' ? 2 : 1;
  return (millionths, isLast) => room.subarray(0, writeTexts(millionths, every, isLast, room));
}

/** Of one value: a sign, a digit, a point, six digits, and the comma behind it. */
const MOST_BYTES = 10;
const [COMMA, MINUS, POINT, ZERO] = [0x2c, 0x2d, 0x2e, 0x30];
const NULL = [0x6e, 0x75, 0x6c, 0x6c] as const;

/** The values with commas between them, as JSON has them; of all but each `every`th, `null`. Returns the size in bytes. */
function writeTexts(millionths: Float64Array, every: number, isLast: boolean, into: Uint8Array): number {
  let at = 0;
  for (let i = 0; i < millionths.length; i++) {
    if (i % every === 0) at = writeMillionths(millionths[i] as number, into, at);
    else for (const letter of NULL) into[at++] = letter;
    into[at++] = COMMA;
  }
  return isLast ? Math.max(0, at - 1) : at;
}

/** 000 to 999. */
const THREE_DIGITS = Uint8Array.from({ length: 3000 }, (_, at) => ZERO + digitOf(Math.floor(at / 3), at % 3));

function digitOf(number: number, place: number): number {
  return Math.floor(number / 10 ** (2 - place)) % 10;
}

/**
 * A number below 10 in its shortest form, as `String` has it: that takes ten times as long, for it looks for the shortest
 * digits of any double.
 */
function writeMillionths(value: number, into: Uint8Array, from: number): number {
  let at = from;
  if (value < 0) into[at++] = MINUS;
  const size = Math.abs(value) | 0;
  const whole = (size / MILLIONTHS_PER_ONE) | 0;
  into[at++] = ZERO + whole;
  const fraction = size - whole * MILLIONTHS_PER_ONE;
  if (fraction === 0) return at;
  into[at++] = POINT;
  const thousandths = (fraction / 1000) | 0;
  at = writeThree(thousandths, into, at);
  at = writeThree(fraction - thousandths * 1000, into, at);
  while (into[at - 1] === ZERO) at--;
  return at;
}

function writeThree(number: number, into: Uint8Array, at: number): number {
  into[at] = THREE_DIGITS[number * 3] as number;
  into[at + 1] = THREE_DIGITS[number * 3 + 1] as number;
  into[at + 2] = THREE_DIGITS[number * 3 + 2] as number;
  return at + 3;
}

/** Little-endian floats of four bytes, as protobuf packs them. */
function floatEncoder(room: Uint8Array): EncodePart {
  const view = new DataView(room.buffer);
  return (millionths) => {
    for (let i = 0; i < millionths.length; i++)
      view.setFloat32(i * 4, (millionths[i] as number) / MILLIONTHS_PER_ONE, true);
    return room.subarray(0, millionths.length * 4);
  };
}
