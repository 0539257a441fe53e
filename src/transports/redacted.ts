/** What capture writes in place of a secret. */
const REDACTED = '[redacted]';

/** A value that was redacted says nothing to a server, or worse: it is never sent. */
export function isRedacted(value: string): boolean {
  return value.includes(REDACTED);
}

/** A request target without the parameters whose values were redacted. */
export function withoutRedacted(target: string): string {
  const at = target.indexOf('?');
  if (at < 0 || !isRedacted(target)) return target;
  const kept = target
    .slice(at + 1)
    .split('&')
    .filter((parameter) => !isRedacted(parameter));
  return kept.length === 0 ? target.slice(0, at) : `${target.slice(0, at)}?${kept.join('&')}`;
}
