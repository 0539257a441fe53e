import { Assembler } from 'stream-json/core/assembler.js';
import { jsonParser } from 'stream-json/core/parser.js';
import { EngramTraceError } from '../../error.ts';
import { reasonOf } from '../../trace/frames/damage.ts';

/** A part of the document `{"operations": […], "metadata": {…}}`. */
export type DocumentPart =
  | { kind: 'operation'; index: number; value: unknown; sizeBytes: number }
  | { kind: 'metadata'; value: unknown };

/** The parser is fed so many bytes at a time at most: so near is the place that its errors name. */
const PIECE_BYTES = 4096;
/** Operations are some ten KB; what is larger than this is none, and must not fill the memory. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;
const CLOSING_BRACE = 0x7d;

/**
 * Reads the document operation by operation, whatever its size. Throws `corrupt` where it is no JSON or is cut off, and
 * `not_a_trace` where it has no operations; all operations before that place have been given by then.
 */
export async function* readDocument(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<DocumentPart> {
  const reader = new DocumentReader(name);
  for await (const chunk of chunks) for (const piece of pieces(chunk)) yield* reader.take(piece);
  reader.finish();
}

/** Cut behind each closing brace, so that whole operations are out before the parser sees what may be broken. */
function* pieces(chunk: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < chunk.length; ) {
    const window = chunk.subarray(start, start + PIECE_BYTES);
    const brace = window.indexOf(CLOSING_BRACE);
    const end = start + (brace < 0 ? window.length : brace + 1);
    yield chunk.subarray(start, end);
    start = end;
  }
}

type Token = { name: string; value?: unknown };
/** What the next token belongs to: `top` is the document's object, `value` one that is put together or passed over. */
type Place = 'start' | 'top' | 'list' | 'value' | 'end';

class DocumentReader {
  private readonly name: string;
  private readonly parse = jsonParser({ packValues: true, streamValues: false });
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private place: Place = 'start';
  private key = '';
  private assembler = new Assembler();
  private inList = false;
  private operations = -1;
  private offset = 0;
  private valueOffset = 0;
  private tokenOffset = 0;

  constructor(name: string) {
    this.name = name;
  }

  *take(piece: Uint8Array): Generator<DocumentPart> {
    const tokens = this.tokens(piece);
    this.offset += piece.length;
    if (tokens.length > 0) this.tokenOffset = this.offset;
    this.refuseTooLong();
    for (const token of tokens) {
      const part = this.step(token);
      if (part) yield part;
    }
  }

  finish(): void {
    if (this.place !== 'end') {
      throw this.corrupt(
        'the JSON ends in the middle',
        'It is cut off; what comes before that place was read.',
      );
    }
    if (this.operations < 0) {
      throw new EngramTraceError('not_a_trace', 'not a trace: it has no list of operations', {
        where: this.name,
      });
    }
  }

  private tokens(piece: Uint8Array): readonly Token[] {
    try {
      const found: unknown = this.parse(this.decoder.decode(piece, { stream: true }));
      return typeof found === 'object' && found !== null ? (found as { values: Token[] }).values : [];
    } catch (error) {
      throw this.corrupt(`it is not JSON: ${reasonOf(error)}`, undefined, error);
    }
  }

  private step(token: Token): DocumentPart | undefined {
    switch (this.place) {
      case 'start':
        if (token.name !== 'startObject') throw this.corrupt('it is no JSON object');
        this.place = 'top';
        return undefined;
      case 'top':
        this.stepTop(token);
        return this.endOfValue();
      case 'list':
        if (token.name === 'endArray') {
          this.place = 'top';
          this.inList = false;
          return undefined;
        }
        this.beginValue(token);
        return this.endOfValue();
      case 'value':
        this.assembler.consume(token as never);
        return this.endOfValue();
      default:
        throw this.corrupt('something follows the end of the JSON');
    }
  }

  private stepTop(token: Token): void {
    if (token.name === 'endObject') this.place = 'end';
    else if (token.name === 'keyValue') this.key = String(token.value);
    else if (this.key !== 'operations') this.beginValue(token);
    else if (token.name !== 'startArray') throw this.corrupt('"operations" is not a list');
    else if (this.operations >= 0) throw this.corrupt('a second list of operations');
    else {
      this.place = 'list';
      this.inList = true;
      this.operations = 0;
    }
  }

  private beginValue(token: Token): void {
    this.place = 'value';
    this.valueOffset = this.offset;
    this.assembler = new Assembler();
    this.assembler.consume(token as never);
  }

  private endOfValue(): DocumentPart | undefined {
    if (this.place !== 'value' || !this.assembler.done) return undefined;
    const value: unknown = this.assembler.current;
    this.place = this.inList ? 'list' : 'top';
    if (this.inList) {
      const sizeBytes = this.offset - this.valueOffset;
      return { kind: 'operation', index: this.operations++, value, sizeBytes };
    }
    return this.key === 'metadata' ? { kind: 'metadata', value } : undefined;
  }

  /** Behind the end there may be white space, however much. */
  private refuseTooLong(): void {
    const isValue = this.place === 'value';
    if (
      this.place === 'end' ||
      this.offset - (isValue ? this.valueOffset : this.tokenOffset) <= MAX_VALUE_BYTES
    )
      return;
    const message = isValue
      ? `it is longer than ${MAX_VALUE_BYTES} bytes, which no operation is`
      : `${MAX_VALUE_BYTES} bytes without an operation, or an end`;
    throw new EngramTraceError('bad_record', message, { where: this.where() });
  }

  private corrupt(message: string, hint?: string, cause?: unknown): EngramTraceError {
    return new EngramTraceError('corrupt', message, {
      where: `${this.where()}, near byte ${this.offset}`,
      hint,
      cause,
    });
  }

  private where(): string {
    return this.inList ? `${this.name}, operations[${this.operations}]` : this.name;
  }
}
