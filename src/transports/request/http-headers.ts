import type { HeaderList } from '../../trace/record/record.ts';
import { isRedacted } from './redacted.ts';
import { isSendableHeader } from './sendable-header.ts';

/**
 * Fields about one connection or one hop (RFC 9110, 7.6.1), and those the client writes itself: it frames the body
 * anew with a content-length, and it never waits for a 100.
 */
const OWN_FIELDS = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
]);

/** Turns recorded headers into those to send. Lists are shared by many records, so each is worked on once. */
export function createHttpHeaders(
  overrides: HeaderList,
  keepHost: boolean,
): (recorded: HeaderList) => readonly string[] {
  const overridden = namesOf(overrides);
  if (!keepHost) overridden.add('host');
  const known = new WeakMap<HeaderList, readonly string[]>();
  return (recorded) => {
    let prepared = known.get(recorded);
    if (prepared === undefined) {
      const isKept = (name: string, value: string): boolean =>
        !isRedacted(value) && isSendableHeader(name, value);
      prepared = [...sendable(recorded, overridden, isKept), ...overrides];
      known.set(recorded, prepared);
    }
    return prepared;
  };
}

/** Names of recorded headers that are not sent because their values were redacted and `overrides` has no others. */
export function redactedHttpHeaders(recorded: HeaderList, overrides: HeaderList): string[] {
  const fields = sendable(recorded, namesOf(overrides).add('host'), (_, value) => isRedacted(value));
  return [...namesOf(fields)];
}

/** Names of recorded headers that are not sent because no message of HTTP can hold them. */
export function unsendableHttpHeaders(recorded: HeaderList, overrides: HeaderList): string[] {
  const isLost = (name: string, value: string): boolean => !isSendableHeader(name, value);
  return [...namesOf(sendable(recorded, namesOf(overrides).add('host'), isLost))];
}

function sendable(
  recorded: HeaderList,
  overridden: Set<string>,
  isWanted: (name: string, value: string) => boolean,
): string[] {
  const nominated = connectionTokens(recorded);
  const kept: string[] = [];
  for (let at = 0; at + 1 < recorded.length; at += 2) {
    const name = recorded[at] as string;
    const value = recorded[at + 1] as string;
    const lower = name.toLowerCase();
    if (OWN_FIELDS.has(lower) || lower.startsWith('proxy-') || nominated.has(lower)) continue;
    if (overridden.has(lower) || !isWanted(name, value)) continue;
    kept.push(name, value);
  }
  return kept;
}

/** Fields that a Connection header says are for this hop only. */
function connectionTokens(recorded: HeaderList): Set<string> {
  const tokens = new Set<string>();
  for (let at = 0; at + 1 < recorded.length; at += 2) {
    if (recorded[at]?.toLowerCase() !== 'connection') continue;
    for (const token of (recorded[at + 1] as string).split(',')) tokens.add(token.trim().toLowerCase());
  }
  return tokens;
}

function namesOf(headers: HeaderList): Set<string> {
  return new Set(headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
}
