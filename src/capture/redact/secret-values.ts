import { REDACTED } from '../../trace/record/redacted.ts';
import { mayHoldShape } from './shape-gate.ts';

/** What the header of a trace lists as redacted for the shapes below. */
export const VALUE_SHAPES: readonly string[] = ['bearer', 'basic', 'jwt', 'pem', 'provider-key', 'userinfo'];

/** Keys and tokens that tell what they are by how they begin, as their makers publish it. */
const PROVIDER_KEYS = [
  'A[KS]IA[A-Z0-9]{12,}', // AWS
  'AIza[\\w-]{20,}|ya29\\.[\\w-]{10,}|GOCSPX-[\\w-]{10,}', // Google
  'gh[pousr]_\\w{10,}|github_pat_\\w{10,}',
  'gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent)-[\\w-]{10,}', // GitLab
  'xox[abeoprs]-[\\w-]{8,}|xapp-[\\w-]{8,}', // Slack
  '(?:sk|rk|pk)_(?:live|test)_\\w{8,}|whsec_[\\w+/=]{8,}', // Stripe
  'sk-[\\w-]{16,}', // OpenAI, Anthropic
  'SG\\.[\\w-]{10,}\\.[\\w-]{10,}|xkeysib-[\\w-]{10,}|key-[0-9a-f]{32}', // e-mail
  'hv[sbr]\\.[\\w-]{10,}|engram_key_\\w{8,}|npm_\\w{20,}|pypi-[\\w-]{16,}|do[opr]_v1_\\w{10,}|hf_\\w{16,}',
  'shp(?:at|ca|pa|ss)_\\w{10,}|figd_[\\w-]{10,}|PMAK-[\\w-]{10,}|dapi[0-9a-f]{32}|ATATT3\\w{10,}|AGE-SECRET-KEY-\\w+',
].join('|');

// Of what stands in front, only a letter or digit would make it a part of something else.
const KEYS = new RegExp(
  `(?<![\\w-])ey[JI][\\w-]{6,}\\.[\\w-]{4,}(?:\\.[\\w-]*)*|(?<![A-Za-z0-9])(?:${PROVIDER_KEYS})|-----BEGIN[\\s\\S]*`,
  'g',
);
/** A scheme of HTTP authentication and what follows it. */
const CREDENTIALS =
  /(?<![a-z0-9])(?:(bearer|dpop)[ +]{1,4}[^\s,;"'&]{6,}|(negotiate|ntlm|basic)[ +]{1,4}([a-z0-9+/]{8,}={0,2})(?![\w ])|(aws4-hmac-sha256)[ +].*)/gi;

/**
 * User and password in front of a host; a colon that no port follows is taken for one in front of a password. Nothing
 * here or above is tried twice from many places: a client that sends 64 KiB to that end must not hold the traffic up.
 */
const USERINFO = /:\/\/(?:[^/?#\s"'<>]*@|(?!\[)[^/?#\s:@]*:(?!\d*(?:[/?#\s]|$))\S{0,128}@)/g;

/**
 * Replaces in a text what is a secret by its shape: keys of known makers, credentials of HTTP, user and password of a
 * URL.
 */
export function redactShapes(text: string): string {
  const cleared = text.includes('://') ? text.replace(USERINFO, `://${REDACTED}@`) : text;
  return mayHoldShape(cleared) ? redactKeys(cleared) : cleared;
}

function redactKeys(text: string): string {
  return text.replace(CREDENTIALS, redactCredentials).replace(KEYS, REDACTED);
}

function redactCredentials(
  found: string,
  scheme1: string,
  scheme2: string,
  data: string,
  scheme3: string,
): string {
  // "Basic Subscription" is no user and password.
  if (/^basic/i.test(found) && !Buffer.from(data, 'base64').includes(':')) return found;
  return `${scheme1 ?? scheme2 ?? scheme3} ${REDACTED}`;
}

/**
 * Whether a value of an ordinary name (`code`, `state`, `sign`) looks made by a machine: long, letters and digits, no
 * spaces.
 */
export function looksSecret(value: string): boolean {
  return /^[\w.~%+/=-]{16,}$/.test(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value);
}

/** Whether a value says only whether there is a secret. */
export function saysNothing(value: string): boolean {
  return /^"?(?:true|false|null|undefined)?"?$/i.test(value);
}
