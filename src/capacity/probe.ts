/** What one run at one load showed. */
export interface Probe {
  /** The load that was asked for: operations a second, a multiplier, copies, clients. */
  readonly load: number;
  /** `invalid`: it says nothing of the server. `generator`: it was this program that could not. */
  readonly kind: 'valid' | 'invalid' | 'generator';
  /** How far each limit is away: ln(limit / observed), of shares that have a least by what they lack of the whole; negative beyond it; resampled too, to say how sure that is. */
  readonly margins: readonly Margin[];
  /** Why it is what it is, for people. */
  readonly why?: string | undefined;
}

export interface Margin {
  /** The limit's name. */
  readonly name: string;
  readonly margin: number;
  /** Of resampled windows; as many in every probe, or none where a limit has nothing to resample. */
  readonly resampled: readonly number[];
}

/** No margin is larger (a factor of 20,000): a server that is down has a latency of nothing and every error. */
export const MOST_MARGIN = 10;

/** Whether a valid probe held every limit. */
export function holds({ margins }: Probe): boolean {
  return margins.every(({ margin }) => margin >= 0);
}

/** The smallest margin: that of the limit which is nearest, or broken most. */
export function worstMargin({ margins }: Probe): number {
  return Math.min(...margins.map(({ margin }) => margin));
}
