import { afterEach } from 'node:test';

interface Closable {
  close(): Promise<unknown>;
}

const open: Closable[] = [];

/** Closes it after the test, passed or not: what a failed test leaves open would keep the process alive for good. */
export function closing<T extends Closable>(one: T): T {
  open.push(one);
  return one;
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
