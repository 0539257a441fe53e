import type { ServerResponse } from 'node:http';
import { type EventStream, formatEvent } from './event-stream.ts';

/** A stream that has been silent for so long gets a comment. */
export const KEEP_ALIVE_MS = 15_000;
/** Events that wait for a client that reads slowly; then the oldest are lost, and a warning says how many. */
const MAX_WAITING = 1000;

/** Sends a stream's events as the body of an answer whose head is written. `whenFree` calls at once, or after a stall. */
export function sendEvents(
  response: ServerResponse,
  stream: EventStream,
  whenFree: (resume: () => void) => void,
): void {
  const waiting: string[] = [];
  let lost = 0;
  let scheduled = false;
  const flush = () => {
    if (response.destroyed) return;
    if (lost > 0 && !response.writableNeedDrain) {
      response.write(warning(stream.sessionId, lost));
      lost = 0;
    }
    while (waiting.length > 0 && !response.writableNeedDrain) response.write(waiting.shift());
    keepAlive.refresh();
    scheduled = waiting.length > 0;
    if (scheduled) response.once('drain', () => whenFree(flush));
  };
  const put = (text: string) => {
    if (response.destroyed) return;
    if (waiting.length === MAX_WAITING) {
      waiting.shift();
      lost++;
    }
    waiting.push(text);
    if (scheduled) return;
    scheduled = true;
    whenFree(flush);
  };
  const keepAlive = setInterval(() => put(':\n\n'), KEEP_ALIVE_MS);
  const stop = stream.open({
    send: (event) => put(formatEvent(event)),
    comment: (text) => put(`: ${text}\n\n`),
  });
  response.once('close', () => {
    clearInterval(keepAlive);
    stop();
  });
}

function warning(sessionId: string, lost: number): string {
  const data = { warning: `${lost} events were skipped: the client reads too slowly`, session_id: sessionId };
  return formatEvent({ event: 'warning', data });
}
