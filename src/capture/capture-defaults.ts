/** The values of options that are not given. */
export const CAPTURE_DEFAULTS = {
  segmentAgeNs: 600e9,
  segmentBytes: 256 * 1024 * 1024,
  maxBodyBytes: 16 * 1024 * 1024,
  bufferBytes: 128 * 1024 * 1024,
  graceMs: 10_000,
  diskWaitMs: 10_000,
} as const;
