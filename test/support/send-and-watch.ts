import assert from 'node:assert/strict';
import type { Cancel, SendOutcome, Transport } from '../../src/replay/ports.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';

/** One operation handed to a transport, and what was heard of it. */
export interface Watched {
  calls: string[];
  cancel: Cancel;
  done: Promise<SendOutcome>;
  /** Resolves when its first byte left. */
  sent: Promise<void>;
  firstAnswer: Promise<void>;
}

/** Sends a record and holds the transport to its contract: everything at most once, in order, nothing after the end. */
export function sendAndWatch(transport: Transport, record: TraceRecord, timeScale = 1): Watched {
  const calls: string[] = [];
  let tellSent = (): void => {};
  let tellFirst = (): void => {};
  let tellDone = (_: SendOutcome): void => {};
  const sent = new Promise<void>((resolve) => {
    tellSent = resolve;
  });
  const firstAnswer = new Promise<void>((resolve) => {
    tellFirst = resolve;
  });
  const done = new Promise<SendOutcome>((resolve) => {
    tellDone = resolve;
  });
  const note = (call: string, tell: () => void): void => {
    assert.ok(!calls.includes(call), `${call} again`);
    assert.ok(!calls.includes('done'), `${call} after done`);
    calls.push(call);
    tell();
  };
  const cancel = transport.send(record, timeScale, {
    onSent: () => note('sent', tellSent),
    onFirstAnswer: () => note('first', tellFirst),
    onDone: (outcome) => note('done', () => tellDone(outcome)),
  });
  return { calls, cancel, done, sent, firstAnswer };
}

/** Waits until something holds; fails after a generous while. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 5) {
    assert.ok(waitedMs < 60_000, `waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
