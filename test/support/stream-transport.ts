import type { Clock, SendOutcome, Transport } from '../../src/replay/ports.ts';
import type { GrpcStream, TraceRecord } from '../../src/trace/record/record.ts';
import { StreamTraffic } from '../../src/transports/answer/stream-traffic.ts';
import {
  StreamPlayer,
  type StreamWriter,
  streamSteps,
} from '../../src/transports/request/grpc-stream-player.ts';

/** How a scripted server, and the way to it, treat one stream. */
export interface StreamFate {
  /** From the hand-over to the first byte; undefined: no byte ever leaves, and the call fails. */
  leavesAfterNs: number | undefined;
  /** How long each message is held back, as a closed window does. */
  holdNs: number;
  /** When the server's messages come, after the first byte. */
  answersNs: readonly number[];
  /** When the server ends the call, after the first byte; undefined: it hangs. */
  endsAfterNs: number | undefined;
  ok: boolean;
}

/** A transport on a virtual clock that plays streams with the player of the real ones, to a server as told. */
export function createStreamTransport(clock: Clock, fateOf: (record: TraceRecord) => StreamFate): Transport {
  return {
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send(record, timeScale, listener) {
      const fate = fateOf(record);
      const traffic = new StreamTraffic(clock, timeScale);
      let isDone = false;
      const done = (outcome: SendOutcome): void => {
        if (isDone) return;
        isDone = true;
        player.stop();
        listener.onDone(record.stream === undefined ? outcome : { ...outcome, stream: traffic.times() });
      };
      const later = (afterNs: number, work: () => void): void => {
        clock.at(clock.nowNs() + afterNs, () => isDone || work());
      };
      const sink: StreamWriter = {
        write: () => later(fate.holdNs, () => traffic.sentOne()),
        halfClose: () => {},
        cancel: () => done(outcomeOf({ status: 1, ok: true, detail: 'cancelled as recorded' })),
      };
      const player = new StreamPlayer(streamSteps(record, timeScale), sink, clock);
      const leave = (): void => {
        listener.onSent();
        player.open();
        player.started();
        for (const afterNs of fate.answersNs) later(afterNs, () => traffic.receivedOne());
        const { endsAfterNs, ok } = fate;
        if (endsAfterNs !== undefined) later(endsAfterNs, () => done(outcomeOf({ status: ok ? 0 : 13, ok })));
      };
      if (fate.leavesAfterNs === undefined) done(outcomeOf({ failure: 'connect_failed' }));
      else later(fate.leavesAfterNs, leave);
      return () => done(outcomeOf({ failure: 'cancelled' }));
    },
  };
}

function outcomeOf(over: Partial<SendOutcome>): SendOutcome {
  return { status: undefined, ok: false, failure: undefined, detail: '', responseBytes: 0, ...over };
}

/** A recorded stream by the offsets of its messages, in ns. */
export function streamWith(clientNs: readonly number[], serverNs: readonly number[] = []): GrpcStream {
  const data = new Uint8Array([1]);
  const message = (fromServer: boolean) => (offsetNs: number) => ({
    fromServer,
    offsetNs,
    data,
    sizeBytes: 1,
    compressed: false,
  });
  const messages = [...clientNs.map(message(false)), ...serverNs.map(message(true))];
  return { messages, halfCloseNs: undefined, cancelNs: undefined };
}
