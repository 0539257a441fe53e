/** What a scenario does, under the names of the engram dialect. */
export type ScenarioOp = 'remember' | 'recall' | 'search' | 'complete';

/** One operation of a scenario, before it is a request of one protocol or the other. */
export interface ScenarioOperation {
  readonly op: ScenarioOp;
  /** The memory that is stored, or looked for. */
  readonly key: number;
  readonly space: string;
  /** Of what is stored, 0.7 to 1. */
  readonly confidence: number;
  /** Of what is looked for, 0 to 1. */
  readonly threshold: number;
  readonly maxResults: number;
}
