import type { HeaderList } from '../../trace/record/record.ts';
import { withoutTrueBinary } from '../../wire/true-binary.ts';
import { isRedacted } from './redacted.ts';
import { isSendableHeader } from './sendable-header.ts';

/** What the client writes itself, and what HTTP/2 has no room for. */
const OWN_KEYS = new Set([
  'te',
  'content-type',
  'content-length',
  'user-agent',
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'grpc-timeout',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-message-type',
  'grpc-internal-encoding-request',
  'grpc-status',
  'grpc-message',
]);

/**
 * Decides which recorded metadata is sent again, `overrides` in place of recorded keys of the same name. Values are
 * those of the wire, one byte a character, binary ones in base64: nothing is decoded, so nothing is changed.
 */
export function createMetadataRules(
  overrides: HeaderList,
): (recorded: HeaderList) => [key: string, value: string][] {
  const overridden = keysOf(overrides);
  return (recorded) => [
    ...entriesOf(recorded).filter(
      ([key, value]) =>
        isSendable(key) && !overridden.has(key) && !isRedacted(value) && isSendableHeader(key, value),
    ),
    ...entriesOf(overrides).filter(([key]) => isSendable(key)),
  ];
}

/** Keys of recorded metadata that is not sent because its values were redacted and `overrides` has no others. */
export function redactedMetadata(recorded: HeaderList, overrides: HeaderList): string[] {
  const overridden = keysOf(overrides);
  const isLost = (key: string): boolean => key === 'user-agent' || (isSendable(key) && !overridden.has(key));
  const lost = entriesOf(recorded).filter(([key, value]) => isRedacted(value) && isLost(key));
  return [...new Set(lost.map(([key]) => key))];
}

/** Keys of recorded metadata that is not sent because no message of HTTP can hold it. */
export function unsendableMetadata(recorded: HeaderList, overrides: HeaderList): string[] {
  const overridden = keysOf(overrides);
  const isLost = ([key, value]: [string, string]): boolean =>
    (key === 'user-agent' || (isSendable(key) && !overridden.has(key))) && !isSendableHeader(key, value);
  return [
    ...new Set(
      entriesOf(recorded)
        .filter(isLost)
        .map(([key]) => key),
    ),
  ];
}

/** Keys of `overrides` that no call is sent with: they frame it, or describe it. */
export function keysNotTaken(overrides: HeaderList): string[] {
  return [...keysOf(overrides)].filter((key) => !isSendable(key));
}

function keysOf(headers: HeaderList): Set<string> {
  return new Set(entriesOf(headers).map(([key]) => key));
}

/** Pseudo-headers and most of `grpc-…` describe the call, not the caller: they are made anew. */
function isSendable(key: string): boolean {
  return !key.startsWith(':') && !key.startsWith('proxy-') && !OWN_KEYS.has(key);
}

function entriesOf(headers: HeaderList): [key: string, value: string][] {
  const entries: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const key = (headers[at] as string).toLowerCase();
    entries.push([key, withoutTrueBinary(key, headers[at + 1] as string)]);
  }
  return entries;
}

/** A recorded header's first value; undefined when it was not sent. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1];
  }
  return undefined;
}

/** A duration as `grpc-timeout` writes it: at most eight digits and a unit. */
export function grpcTimeout(durationNs: number): string {
  let amount = Math.max(1, Math.ceil(durationNs));
  for (const [unit, factor] of TIMEOUT_UNITS) {
    if (amount < 1e8) return `${amount}${unit}`;
    amount = Math.ceil(amount / factor);
  }
  return '99999999H';
}

const TIMEOUT_UNITS: readonly [unit: string, toNext: number][] = [
  ['n', 1000],
  ['u', 1000],
  ['m', 1000],
  ['S', 60],
  ['M', 60],
  ['H', 1],
];
