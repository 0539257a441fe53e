import type { Clock, SendOutcome, Transport } from '../../src/replay/ports.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { EndlessAnswer } from '../../src/transports/answer/endless-answer.ts';
import type { EndlessKind } from '../../src/transports/answer/endless-kind.ts';

/** How a scripted server answers one operation. */
export interface EndlessFate {
  /** Undefined: an ordinary answer, that comes whole with its head. */
  kind: EndlessKind | undefined;
  /** From the send to the head. */
  headAfterNs: number;
  /** What comes of the body, and when after the send. */
  says: readonly { atNs: number; text: string }[];
  /** From the send to its end; undefined: it goes on until it is given up. */
  endsAfterNs: number | undefined;
  /** It ends in the middle. */
  isBroken: boolean;
}

/** A transport on a virtual clock whose answers are endless, or not, as told. */
export function createEndlessTransport(
  clock: Clock,
  fateOf: (record: TraceRecord) => EndlessFate,
): Transport {
  return {
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send(record, _timeScale, listener) {
      const { kind, headAfterNs, says, endsAfterNs, isBroken } = fateOf(record);
      let answer: EndlessAnswer | undefined;
      let status: number | undefined;
      let responseBytes = 0;
      let isDone = false;
      const done = (failure: SendOutcome['failure']): void => {
        if (isDone) return;
        isDone = true;
        const isWhole = failure === undefined;
        const endless = answer?.end(isWhole);
        const outcome = { status, ok: isWhole, failure, detail: failure ?? '', responseBytes };
        listener.onDone(endless === undefined ? outcome : { ...outcome, endless });
      };
      const later = (afterNs: number, work: () => void): void => {
        clock.at(clock.nowNs() + afterNs, () => isDone || work());
      };
      listener.onSent();
      later(headAfterNs, () => {
        status = 200;
        if (kind !== undefined) answer = new EndlessAnswer(kind, clock);
        listener.onFirstAnswer();
        if (kind === undefined) done(undefined);
      });
      for (const { atNs, text } of says) {
        later(Math.max(atNs, headAfterNs), () => {
          const bytes = Buffer.from(text);
          responseBytes += bytes.length;
          answer?.take(bytes, 0, bytes.length);
          answer?.note();
        });
      }
      if (endsAfterNs !== undefined) {
        later(Math.max(endsAfterNs, headAfterNs), () => done(isBroken ? 'connection_closed' : undefined));
      }
      return () => done('cancelled');
    },
  };
}
