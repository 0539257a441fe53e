/** What the bench asks its server. Several questions may be on their way. */
export interface SinkQuestion {
  readonly id: number;
  readonly question: 'served' | 'arrivals';
}

/** What it answers to one of them. */
export interface SinkAnswer {
  readonly id: number;
  readonly answer: unknown;
}
