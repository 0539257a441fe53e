import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { SenderOptions } from './messages.ts';

/** More threads than this only wait for each other. */
const MOST_SENDERS = 8;

/** A sender keeps up with about twice as many a second, evenly spaced; bursts are some times the mean. */
const OPERATIONS_PER_SENDER = 10_000;

/**
 * Senders where nothing was said: what the mean rate (operations a second; undefined where it is not known) may need
 * in its bursts, and no more than leave a core for reading, and for the target. Each costs memory and CPU.
 */
export function defaultSenders(cores: number, perSecond = Infinity): number {
  return Math.max(1, Math.min(MOST_SENDERS, cores - 1, Math.ceil(perSecond / OPERATIONS_PER_SENDER)));
}

/** The sender of a session, always the same: FNV-1a over its UTF-16 units, stirred, as its low bits alone are poor. */
export function senderOf(session: string, senders: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < session.length; i++) hash = Math.imul(hash ^ session.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % senders;
}

/** What sender `number` of `senders` may use of `total`: the parts add up to it. */
export function partOf(total: number, number: number, senders: number): number {
  if (total === Infinity) return total;
  return Math.floor(total / senders) + (number < total % senders ? 1 : 0);
}

/** The options of one of several engines that together keep to `options`. */
export function shareOf(options: ReplayOptions, number: number, senders: number): SenderOptions {
  const { only: _only, dangerOf: _dangerOf, signal: _signal, ...shared } = options;
  const part = (total: number): number => Math.max(1, partOf(total, number, senders));
  return {
    ...shared,
    maxInFlight: part(options.maxInFlight),
    readAheadRecords: part(options.readAheadRecords),
    readAheadBytes: part(options.readAheadBytes),
    maxHeldRecords: part(options.maxHeldRecords),
    maxHeldBytes: part(options.maxHeldBytes),
  };
}
