/** Runs answers at their time. Resolution is that of the timers of Node: 1 ms, never early. */
export interface AnswerTimer {
  /** Calls `answer` at once if `dueNs` has come, else when it has. */
  at(dueNs: number, answer: () => void): void;
  /** Forgets every answer that is not due yet. */
  close(): void;
}

export function createAnswerTimer(nowNs: () => number): AnswerTimer {
  const waiting = new Set<NodeJS.Timeout>();
  const at = (dueNs: number, answer: () => void) => {
    const leftNs = dueNs - nowNs();
    if (leftNs <= 0) {
      answer();
      return;
    }
    // A timer may fire up to 1 ms early; coming here again makes "nothing answers before" true.
    const timer = setTimeout(
      () => {
        waiting.delete(timer);
        at(dueNs, answer);
      },
      Math.ceil(leftNs / 1e6),
    );
    waiting.add(timer);
  };
  return {
    at,
    close() {
      for (const timer of waiting) clearTimeout(timer);
      waiting.clear();
    },
  };
}
