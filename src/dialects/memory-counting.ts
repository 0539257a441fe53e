import type { MadeRequest } from './space-making.ts';

/** How a server is asked how many memories a space of it holds. */
export interface MemoryCounting {
  request(space: string): MadeRequest;
  /** The count in the body of the answer; undefined where there is none. */
  counted(body: string): number | undefined;
}
