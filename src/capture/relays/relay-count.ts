import { CAPTURE_DEFAULTS } from '../capture-defaults.ts';
import type { CaptureOptions } from '../capture-options.ts';

/** Each is a process with a thread and a process of its own. */
export const MAX_RELAYS = 256;
/** The part of its memory that a relay gives to what goes by. */
const FLIGHT_PART = 0.75;

/** The memory of one of several relays. */
export function relayShareBytes(bufferBytes: number = CAPTURE_DEFAULTS.bufferBytes, relays: number): number {
  return Math.floor(bufferBytes / relays);
}

/** The largest body that fits a relay's memory. */
export function largestBody(shareBytes: number): number {
  return Math.floor(shareBytes * FLIGHT_PART);
}

/** How many relays a capture has that was not told: one less than the cores, and so few that each has room for a body. */
export function defaultRelays(cores: number, { bufferBytes, maxBodyBytes }: CaptureOptions): number {
  const { bufferBytes: buffer, maxBodyBytes: body } = CAPTURE_DEFAULTS;
  const roomy = Math.floor(largestBody(bufferBytes ?? buffer) / Math.max(1, maxBodyBytes ?? body));
  return Math.max(1, Math.min(MAX_RELAYS, cores - 1, roomy));
}
