import type { TraceRecord } from '../trace/record/record.ts';

/** The parts of a record that decide whether it is a danger. */
export type DangerView = Pick<TraceRecord, 'op' | 'protocol' | 'method' | 'path'>;

/** An operation that would end its server, or cripple it for as long as it runs. */
export interface DangerRule {
  /** As in `--dangerous`: `METHOD path`, an rpc or an op; methods may be listed (`POST|PUT`). */
  readonly pattern: string;
  /** Why, as the end of a sentence: "it …". */
  readonly why: string;
  /** Which of the records that match the pattern are dangerous; undefined: all of them. */
  readonly when?: ((record: DangerView) => boolean) | undefined;
}
