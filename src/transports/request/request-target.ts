import { withoutRedacted } from './redacted.ts';

const SCHEME_AND_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * The target a request is sent with: that of its record, without what was redacted. One in absolute form loses scheme
 * and authority (RFC 9112 §3.2.1, §3.2.4): they name the server of the recording, and a proxy would go there.
 */
export function sentTarget(method: string, recorded: string): string {
  return withoutRedacted(recorded.startsWith('/') ? recorded : originForm(method, recorded));
}

function originForm(method: string, target: string): string {
  const front = SCHEME_AND_AUTHORITY.exec(target)?.[0];
  if (front === undefined) return target;
  const rest = target.slice(front.length);
  if (rest === '' && method === 'OPTIONS') return '*';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** `OPTIONS *` asks the server as a whole, and has no path. */
export function isAsterisk(method: string, target: string): boolean {
  return target === '*' && method === 'OPTIONS';
}
