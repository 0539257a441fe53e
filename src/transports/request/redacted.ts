import { REDACTED } from '../../trace/record/redacted.ts';

/** A value that was redacted says nothing to a server, or worse: it is never sent. */
export function isRedacted(value: string): boolean {
  return value.includes(REDACTED);
}

/** Whether the bytes of a body or message hold a redacted value. */
export function holdsRedacted(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(REDACTED);
}

/**
 * A request target without its user where that was redacted, and without the parameters of path, query and fragment
 * whose values were; the others stay byte for byte, each with the separator in front of it. What is redacted elsewhere
 * stays: not to be sent.
 */
export function withoutRedacted(target: string): string {
  if (!isRedacted(target)) return target;
  const { front, query, fragment } = partsOf(target);
  const kept = query.filter((parameter) => !isRedacted(parameter)).join('');
  const path = withoutUser(front).replace(PATH_PARAMETER, '');
  return `${path}${kept === '' ? '' : `?${kept.replace(/^[&;]/, '')}`}${isRedacted(fragment) ? '' : fragment}`;
}

/**
 * Names what `withoutRedacted` takes out of a target: parameters as `query:key` or `path:jsessionid`, the user as
 * `userinfo`.
 */
export function redactedParts(target: string): string[] {
  if (!isRedacted(target)) return [];
  const { front, query, fragment } = partsOf(target);
  const bare = withoutUser(front);
  return [
    ...(bare === front ? [] : ['userinfo']),
    ...[...bare.matchAll(PATH_PARAMETER)].map(([, name]) => `path:${name}`),
    ...query.filter(isRedacted).map((parameter) => `query:${nameOf(parameter)}`),
    ...(isRedacted(fragment) ? ['fragment'] : []),
  ];
}

/** `;name=[redacted]` behind a segment of the path, its marks percent-encoded or not. */
const PATH_PARAMETER = new RegExp(
  `(?:;|%3B)((?:(?!%3B|%3D)[^;=/])*)(?:=|%3D)${REDACTED.replaceAll(/[[\]]/g, '\\$&')}`,
  'gi',
);

/** The query by its parameters, each with the separator in front of it. */
function partsOf(target: string): { front: string; query: string[]; fragment: string } {
  const hash = target.indexOf('#');
  const whole = hash < 0 ? target : target.slice(0, hash);
  const mark = whole.indexOf('?');
  return {
    front: mark < 0 ? whole : whole.slice(0, mark),
    query: mark < 0 ? [] : whole.slice(mark + 1).split(/(?=[&;])/),
    fragment: hash < 0 ? '' : target.slice(hash),
  };
}

function nameOf(parameter: string): string {
  return parameter.replace(/^[&;]/, '').split('=', 1)[0] as string;
}

function withoutUser(target: string): string {
  const [whole, scheme = '', user = ''] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)([^/]*)@/.exec(target) ?? [''];
  return isRedacted(user) ? scheme + target.slice(whole.length) : target;
}
