import type { EventStream, ServerEvent } from './event-stream.ts';

/** What a synthetic stream does next: perhaps an event, then a pause. */
export interface Turn {
  event?: ServerEvent | undefined;
  pauseMs: number;
}

/** A stream that takes its turns one after the other, the first at once. */
export function pacedEvents(sessionId: string, nextTurn: () => Turn): EventStream {
  return {
    sessionId,
    open(sink) {
      let timer: NodeJS.Timeout | undefined;
      const turn = () => {
        const { event, pauseMs } = nextTurn();
        if (event) sink.send(event);
        timer = setTimeout(turn, pauseMs);
      };
      turn();
      return () => clearTimeout(timer);
    },
  };
}
