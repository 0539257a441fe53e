/** Between which two recorded arrivals a place lies, and how far on the way from the first of them to the second. */
export interface UpscaledPlace {
  readonly after: number;
  /** 0 to below 1. */
  readonly share: number;
}

/**
 * Where the arrival with this number (from 0) goes when there are to be `factor` times as many: recorded arrival
 * floor(number / factor), spread inside the gap that follows it (TraceUpscaler, EuroSys'24, puts them at one instant).
 */
export function upscaledPlace(number: number, factor: number): UpscaledPlace {
  const place = number / factor;
  const after = Math.floor(place);
  return { after, share: place - after };
}

/** A whole ns that lies so far on the way. */
export function timeBetween(fromNs: number, toNs: number, share: number): number {
  return fromNs + Math.round(share * Math.max(0, toNs - fromNs));
}
