/** Counts in the bytes of an answer, as they come, what ends in them. */
export interface Scanner {
  /** How many comments, which only keep the connection alive, have come. */
  readonly comments: number;
  /** Reads these bytes, which follow those before. Returns how many events ended in them. */
  scan(bytes: Uint8Array, from: number, to: number): number;
  /** Ends the answer. Returns how many events end with it. */
  finish(): number;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf];
const DATA = [0x64, 0x61, 0x74, 0x61];

/** Where a scanner stands in a line: at its first byte, inside the letters of `data`, behind that, or past caring. */
const START = 0;
const IN_NAME = 1;
const COMMENT = 2;
const REST = 3;

/**
 * Counts server-sent events as the WHATWG's HTML standard reads them ("Parsing an event stream"): lines end with LF,
 * CR or CRLF; a blank line ends an event, which is one only if it had a `data` field; what the end of the answer cuts
 * is none; a line that begins with a colon is a comment.
 */
export class EventScanner implements Scanner {
  comments = 0;
  #state = START;
  /** Letters of `data` read in this line. */
  #letters = 0;
  #hasData = false;
  #afterCr = false;
  /** Bytes of a byte order mark that may still come; -1: the first line is under way. */
  #bomBytes = 0;

  scan(bytes: Uint8Array, from: number, to: number): number {
    let events = 0;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      const isSecondHalf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (isSecondHalf) continue;
      if (byte === LF || byte === CR) events += this.#endLine();
      else if (this.#state < COMMENT) this.#inLine(byte);
    }
    return events;
  }

  finish(): number {
    return 0;
  }

  #inLine(byte: number): void {
    if (this.#bomBytes >= 0 && this.#isBom(byte)) return;
    if (this.#state === REST) return;
    if (this.#state === START) {
      this.#state = byte === COLON ? COMMENT : IN_NAME;
      this.#letters = 0;
      if (byte === COLON) return;
    }
    if (this.#letters === DATA.length) {
      if (byte === COLON) this.#hasData = true;
      this.#state = REST;
    } else if (byte === DATA[this.#letters]) this.#letters += 1;
    else this.#state = REST;
  }

  /** Skips a byte order mark at the very beginning. */
  #isBom(byte: number): boolean {
    const isPart = byte === BOM[this.#bomBytes];
    if (!isPart && this.#bomBytes > 0) this.#state = REST;
    this.#bomBytes = isPart && this.#bomBytes < 2 ? this.#bomBytes + 1 : -1;
    return isPart;
  }

  /** Returns 1 where the line that ends here ends an event. */
  #endLine(): number {
    const state = this.#state;
    this.#state = START;
    this.#bomBytes = -1;
    if (state === START) {
      const isEvent = this.#hasData;
      this.#hasData = false;
      return isEvent ? 1 : 0;
    }
    if (state === COMMENT) this.comments += 1;
    else if (state === IN_NAME && this.#letters === DATA.length) this.#hasData = true;
    return 0;
  }
}

/**
 * Counts lines (NDJSON): one with anything but white space in it is an event, as is the last one without an end of its
 * own; a blank one is there to keep the connection alive.
 */
export class LineScanner implements Scanner {
  comments = 0;
  #hasText = false;

  scan(bytes: Uint8Array, from: number, to: number): number {
    let events = 0;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte === LF) events += this.#endLine();
      else if (byte > 0x20) this.#hasText = true;
    }
    return events;
  }

  finish(): number {
    return this.#hasText ? this.#endLine() : 0;
  }

  #endLine(): number {
    const isEvent = this.#hasText;
    this.#hasText = false;
    if (!isEvent) this.comments += 1;
    return isEvent ? 1 : 0;
  }
}
