/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** A name as names of secrets are compared: lower case, without `-`, `_` and the space around it. */
export function comparableName(name: string): string {
  return name.trim().toLowerCase().replace(/[-_]/g, '');
}

/**
 * A URL or request target without its secrets: user and password, and the values of query and fragment parameters
 * that `isSecret` (see `isSecretName`) knows by the name as sent. `target`: a path that begins with two slashes is a path, no host.
 */
export function redactUrl(url: string, isSecret: (name: string) => boolean, target: boolean): string {
  return redactParameters(redactUser(url, target), isSecret);
}

const USER = /^((?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/)?[^/?#]*@/;

/** Also of an authority alone (`CONNECT user:password@host:443`). */
function redactUser(url: string, target: boolean): string {
  if (!url.includes('@') || (target && url.startsWith('/'))) return url;
  return url.replace(USER, `$1${REDACTED}@`);
}

function redactParameters(url: string, isSecret: (name: string) => boolean): string {
  const mark = url.search(/[?#]/);
  if (mark < 0 || url.indexOf('=', mark) < 0) return url;
  const parts = url.slice(mark + 1).split(/([&;])/);
  let isBehindSecret = false;
  for (let i = 0; i < parts.length; i += 2) {
    const part = parts[i] as string;
    // To a server that separates by & alone, this is more of the secret.
    if (isBehindSecret && parts[i - 1] === ';' && !part.includes('=')) {
      parts[i - 1] = '';
      parts[i] = '';
      continue;
    }
    parts[i] = redactPart(part, isSecret);
    isBehindSecret = parts[i] !== part;
  }
  return url.slice(0, mark + 1) + parts.join('');
}

/** One parameter; one that follows a `#` or a `?` (`next=/a?token=…`) is in it. Secret is all to the end. */
function redactPart(part: string, isSecret: (name: string) => boolean): string {
  let start = 0;
  const isNested = part.includes('#') || part.includes('?');
  for (const piece of isNested ? part.split(/[#?]/) : [part]) {
    const equals = piece.indexOf('=');
    if (equals >= 0 && isSecret(piece.slice(0, equals)))
      return `${part.slice(0, start + equals + 1)}${REDACTED}`;
    start += piece.length + 1;
  }
  return part;
}

/**
 * Whether a parameter's name as sent is one of `secret` (comparable names): as a whole, or what is outside or inside of
 * its brackets (`token[]`, `x[token]`).
 */
export function isSecretName(text: string, secret: ReadonlySet<string>): boolean {
  const name = comparableName(decoded(text));
  if (secret.has(name)) return true;
  return name.includes('[') && name.split(/[[\]]+/).some((piece) => secret.has(comparableName(piece)));
}

/** A parameter's name as a server reads it; one that can't be decoded is taken as it is. */
function decoded(name: string): string {
  if (!/[%+]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
