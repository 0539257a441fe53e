/** Is told of the first pass of a plan, in order: how near it is to its recording can be told from that. */
export interface PlanWatch {
  /** An operation of the recording that takes part. */
  recorded(startNs: number): void;
  /** An operation of the plan, be it another shard's. */
  planned(dueNs: number): void;
}
