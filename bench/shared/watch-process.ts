import { type ProcessFigures, processFigures } from './process-figures.ts';

/** A process at one moment, and how many operations it had done. */
export interface Look extends ProcessFigures {
  done: number;
}

/** Looks at a process again and again until told to stop, which gives all looks. */
export function watchProcess(
  pid: number,
  done: () => number | Promise<number>,
  everyMs: number,
): { stop(): Promise<Look[]> } {
  const looks: Look[] = [];
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      const count = await done();
      const figures = processFigures(pid);
      if (figures.residentMb > 0) looks.push({ done: count, ...figures });
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      await watching;
      return looks;
    },
  };
}

/** One of equal parts of the work. */
export interface Part {
  cpuUsPerOp: number;
  /** At its end. */
  residentMb: number;
  /** The highest look within. */
  highestMb: number;
}

/** The work in `parts` equal parts by operations done; between two looks everything grows evenly. */
export function partsOf(looks: readonly Look[], count: number, parts: number): Part[] {
  return Array.from({ length: parts }, (_, number) => {
    const from = lookAt(looks, (count * number) / parts);
    const to = lookAt(looks, (count * (number + 1)) / parts);
    const within = looks.filter(({ done }) => done >= from.done && done <= to.done);
    return {
      cpuUsPerOp: ((to.cpuSeconds - from.cpuSeconds) * 1e6) / (to.done - from.done),
      residentMb: to.residentMb,
      highestMb: Math.max(from.residentMb, to.residentMb, ...within.map(({ residentMb }) => residentMb)),
    };
  });
}

/** The process when `done` operations were done, between two looks; for none of them, right before the first. */
function lookAt(looks: readonly Look[], done: number): Pick<Look, 'done' | 'cpuSeconds' | 'residentMb'> {
  const before = looks.findLast((look) => (done === 0 ? look.done <= 0 : look.done < done)) ?? looks[0];
  const after = done === 0 ? before : (looks.find((look) => look.done >= done) ?? looks.at(-1));
  if (before === undefined || after === undefined)
    throw new Error('the process ended before it was looked at');
  const span = after.done - before.done;
  const share = span <= 0 ? 0 : Math.min(1, Math.max(0, (done - before.done) / span));
  const between = (from: number, to: number): number => from + (to - from) * share;
  return {
    done: between(before.done, after.done),
    cpuSeconds: between(before.cpuSeconds, after.cpuSeconds),
    residentMb: between(before.residentMb, after.residentMb),
  };
}
