import type { TraceRecord } from '../trace/record/record.ts';

/** What a danger looks at. */
export type DangerView = Pick<TraceRecord, 'op' | 'protocol' | 'method' | 'path'>;

/** An operation that would end its server, or cripple it for as long as it runs. */
export interface DangerRule {
  /** As in `--dangerous`: `METHOD path`, an rpc or an op; methods may be listed (`POST|PUT`). */
  readonly pattern: string;
  /** Why, as the end of a sentence: "it …". */
  readonly why: string;
  /** Of what the pattern matches only this; undefined: all of it. */
  readonly when?: ((record: DangerView) => boolean) | undefined;
}
