import type { HeaderList, Protocol, RecordMap, TraceRecord } from '../trace/record/record.ts';
import type { DangerRule } from './danger.ts';
import type { MemoryCounting } from './memory-counting.ts';
import type { SpaceMaking } from './space-making.ts';

/** What a dialect may look at to name an operation. */
export interface RequestView {
  protocol: Protocol;
  method: string;
  path: string;
  headers: HeaderList;
  /** The body or the first gRPC message, possibly only its beginning. */
  body: Uint8Array;
}

export interface OperationName {
  op: string;
  space: string;
}

/** Gives records their names. Pure, cheap, and never throws: it runs inside capture. */
export interface Dialect {
  readonly name: string;
  /** For a cache: the operations that look something up, and the status that says it is not there. */
  readonly missStatus?: ReadonlyMap<string, number> | undefined;
  /** What would end the server, or cripple it: a replay leaves it out unless it is told otherwise. */
  readonly dangers?: readonly DangerRule[] | undefined;
  /** How its spaces are made; undefined where it has none. */
  readonly spaces?: SpaceMaking | undefined;
  /** How it is asked what it holds; undefined where it can't be. */
  readonly memories?: MemoryCounting | undefined;
  describe(request: RequestView): OperationName;
  /** Makes of a recorded operation what it is in this dialect; undefined where it is what it is. */
  readonly translate?: RecordMap | undefined;
  /** Whether the operation changes the server's state. */
  isWrite(record: Pick<TraceRecord, 'op' | 'protocol' | 'method' | 'path'>): boolean;
}
