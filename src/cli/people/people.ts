import { visibleText } from '../../visible-text.ts';
import { LineQueue } from './line-queue.ts';
import { openOutlet } from './outlet.ts';

const PEOPLE = { retryMs: 50, keepsAlive: false };
const queues = new Map<string, LineQueue>();

/** Says whole lines on stderr; never waits and never fails. Everything for people goes through here. */
export function tell(text: string): void {
  stderrQueue().say(shown(text));
}

/** Tells people a text on stdout: for commands that relay or send on while they print. */
export function tellOnStdout(text: string): void {
  queueOf('stdout', 1).say(shown(text));
}

/** The queue to stderr itself, for what draws on the terminal. */
export function stderrQueue(): LineQueue {
  return queueOf('stderr', 2);
}

/** Resolves with whether all that was said is out, at the latest after `withinMs`. */
export async function lastWords(withinMs: number): Promise<boolean> {
  const all = Promise.all([...queues.values()].map((queue) => queue.idle())).then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  return Promise.race([all, tooLate]).finally(() => clearTimeout(timer));
}

function queueOf(name: string, fd: number): LineQueue {
  const known = queues.get(name);
  if (known !== undefined) return known;
  const queue = new LineQueue(openOutlet(fd, PEOPLE), name);
  queues.set(name, queue);
  return queue;
}

/** Its own line ends stay; texts of several lines are made by `linesText`. */
function shown(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}
