/** The answers that a null sink gives. */
export interface Answers {
  /** An HTTP answer, in the parts it is written in. */
  http(isHead: boolean): readonly Uint8Array[];
  /** Makes a gRPC message with its five bytes in front. */
  grpc(): Uint8Array;
}

const EMPTY = [Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')];
const EMPTY_MESSAGE = Buffer.alloc(5);

/** The smallest answers: no body, and one empty message. */
export const NO_CONTENT: Answers = { http: () => EMPTY, grpc: () => EMPTY_MESSAGE };

const FIELDS = 'Server: sink\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: application/json\r\n';
const VARIED = [
  EMPTY,
  [fixed('200 OK', '', 14)],
  [fixed('200 OK', 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n', 3000)],
  [fixed('404 Not Found', '', 40)],
  [Buffer.from(`HTTP/1.1 200 OK\r\n${FIELDS}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)],
  halves(fixed('200 OK', 'ETag: "1"\r\n', 600)),
];
const MESSAGES = [0, 12, 900].map(framedZeros);

/** By turns all the forms an answer usually has, so that a client meets them. */
export function variedAnswers(): Answers {
  let turn = 0;
  return {
    http: (isHead) => (isHead ? EMPTY : (VARIED[turn++ % VARIED.length] ?? EMPTY)),
    grpc: () => MESSAGES[turn++ % MESSAGES.length] ?? EMPTY_MESSAGE,
  };
}

function fixed(status: string, more: string, size: number): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status}\r\n${FIELDS}Content-Length: ${size}\r\n${more}\r\n${'.'.repeat(size)}`,
  );
}

function halves(bytes: Buffer): Buffer[] {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

function framedZeros(size: number): Buffer {
  const bytes = Buffer.alloc(5 + size);
  bytes.writeUInt32BE(size, 1);
  return bytes;
}
