/** What capture writes in place of a secret. */
const REDACTED = '[redacted]';

/** A value that was redacted says nothing to a server, or worse: it is never sent. */
export function isRedacted(value: string): boolean {
  return value.includes(REDACTED);
}

/**
 * A request target without its user where that was redacted, and without the parameters whose values were; the
 * others stay byte for byte, each with the separator in front of it. What is redacted elsewhere stays: not to be sent.
 */
export function withoutRedacted(target: string): string {
  if (!isRedacted(target)) return target;
  const at = target.indexOf('?');
  if (at < 0) return withoutUser(target);
  const query = target
    .slice(at + 1)
    .split(/(?=[&;])/)
    .filter((parameter) => !isRedacted(parameter))
    .join('')
    .replace(/^[&;]/, '');
  const front = withoutUser(target.slice(0, at));
  return query === '' ? front : `${front}?${query}`;
}

/** What `withoutRedacted` takes out of a target: names of parameters as `query:key`, the user as `userinfo`. */
export function redactedParts(target: string): string[] {
  if (!isRedacted(target)) return [];
  const at = target.indexOf('?');
  const front = at < 0 ? target : target.slice(0, at);
  const query = at < 0 ? [] : target.slice(at + 1).split(/[&;]/);
  const names = query.filter(isRedacted).map((parameter) => `query:${parameter.split('=', 1)[0]}`);
  return withoutUser(front) === front ? names : ['userinfo', ...names];
}

function withoutUser(target: string): string {
  const [whole, scheme = '', user = ''] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)([^/]*)@/.exec(target) ?? [''];
  return isRedacted(user) ? scheme + target.slice(whole.length) : target;
}
