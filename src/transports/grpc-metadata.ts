import { Metadata } from '@grpc/grpc-js';
import type { HeaderList } from '../trace/record.ts';
import { isRedacted } from './redacted.ts';

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
]);

/** Turns recorded metadata into what to send; throws for what gRPC does not allow. Shared lists are worked on once. */
export function createGrpcMetadata(overrides: HeaderList): (recorded: HeaderList) => Metadata {
  const overridden = new Set(overrides.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const known = new WeakMap<HeaderList, Metadata>();
  return (recorded) => {
    let metadata = known.get(recorded);
    if (metadata === undefined) {
      metadata = new Metadata();
      addAll(
        metadata,
        recorded,
        (key, value) => isSendable(key) && !overridden.has(key) && !isRedacted(value),
      );
      addAll(metadata, overrides, isSendable);
      known.set(recorded, metadata);
    }
    return metadata;
  };
}

/** Pseudo-headers and `grpc-…` describe the call, not the caller: they are made anew. */
function isSendable(key: string): boolean {
  return !key.startsWith(':') && !key.startsWith('grpc-') && !key.startsWith('proxy-') && !OWN_KEYS.has(key);
}

function addAll(
  metadata: Metadata,
  headers: HeaderList,
  takes: (key: string, value: string) => boolean,
): void {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const key = (headers[at] as string).toLowerCase();
    const value = headers[at + 1] as string;
    if (!takes(key, value)) continue;
    if (!key.endsWith('-bin')) metadata.add(key, value);
    // On the wire binary values are base64, and several may be joined by commas.
    else for (const part of value.split(',')) metadata.add(key, Buffer.from(part.trim(), 'base64'));
  }
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
