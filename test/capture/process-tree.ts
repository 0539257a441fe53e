import { readdir, readFile } from 'node:fs/promises';
import { until } from './support.ts';

/** The processes `pid` has started (Linux). */
export async function childrenOf(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).map(Number).filter((each) => each > 0);
  const parents = await Promise.all(all.map((each) => statOf(each)));
  return all.filter((_, i) => parents[i]?.parent === pid && parents[i]?.state !== 'Z');
}

/** Waits until a process is gone; one that only its parent has yet to take note of is. */
export async function whenGone(pid: number): Promise<void> {
  let isGone = false;
  const look = setInterval(async () => {
    const state = (await statOf(pid))?.state;
    isGone = state === undefined || state === 'Z';
  }, 20);
  try {
    await until(() => isGone, `process ${pid} is gone`, 30_000);
  } finally {
    clearInterval(look);
  }
}

async function statOf(pid: number): Promise<{ state: string; parent: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const [state = '', parent = ''] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return text === undefined ? undefined : { state, parent: Number(parent) };
}
