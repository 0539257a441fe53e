import { comparableName, createFlagRule, type NameFlags } from './name-rules.ts';
import { remember } from './remember.ts';
import { isSecretName } from './secret-words.ts';

/**
 * How a header's value is redacted: all of it, as a URL, as the host of one or a text of which clients send the same few
 * all day, as protocols of a WebSocket, as a text, or not at all.
 */
export type HeaderVerdict = 'secret' | 'url' | 'host' | 'repeated' | 'protocols' | 'text' | 'keep';

/** Headers whose value is a URL or part of one, redacted like the target. */
export const URL_HEADERS: readonly string[] = [
  'referer',
  'location',
  'content-location',
  'destination',
  'host',
  'origin',
  ':authority',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-forwarded-uri',
  'x-forwarded-url',
  'x-forwarded-host',
  'x-envoy-original-path',
];

const HOST_HEADERS = new Set(['host', ':authority', 'origin']);
export const PROTOCOL_HEADER = 'sec-websocket-protocol';

/** Headers that say how to read or route a request: nothing is looked for in their values. */
const DESCRIPTIVE =
  /^(?:content-(?:length|encoding|language|range|md5|digest)|accept-(?:encoding|language|charset|ranges)|access-control-.*|grpc-.*|if-.*|range|etag|te|trailer|transfer-encoding|connection|keep-alive|upgrade|expect|date|cache-control|pragma|dnt|sec-(?:fetch|ch|gpc|purpose).*|sec-websocket-.*|traceparent|b3|x-b3-.*|x-request-id|x-correlation-id|x-goog-request-params)$/;

/** Headers of the client's program, with parameters that anybody may name. */
const REPEATED = /^(?:user-agent|accept|content-type)$/;

/** Keys that name something, where `…-key` at the end of a header otherwise lets somebody in. */
const NAMING_KEY =
  /(?:^|-)(?:idempotency|idempotent|cache|surrogate|partition|partitioning|sort|rout(?:e|ing)|shard|object|public|publishable|correlation|dedup(?:e|lication)?|primary|foreign|websocket|group|grouping|message|ordering|row|map|lookup|index|hash|range|lock|queue|tenant|space|memory|trace|request|affinity|rate-?limit|throttle|bucket|hot|tag|label|feature|flag|field|event|topic|item|record|entity|resource|column)-?key$/;

/** The rule for names of headers and metadata (any case; `-bin` behind a name says nothing). */
export function createHeaderRule(flags: NameFlags): (name: string) => HeaderVerdict {
  const flagRule = createFlagRule({ redact: flags.redact?.map(bareName), keep: flags.keep?.map(bareName) });
  const urlHeaders = new Set(URL_HEADERS.map(comparableName));
  return remember((sent) => {
    const name = bareName(sent);
    const flag = flagRule(name);
    if (flag !== undefined) return flag === 'redact' ? 'secret' : 'keep';
    const comparable = comparableName(name);
    if (comparable === comparableName(PROTOCOL_HEADER)) return 'protocols';
    if (HOST_HEADERS.has(comparable)) return 'host';
    if (urlHeaders.has(comparable)) return 'url';
    if (isSecretName(sent) || isKey(name)) return 'secret';
    if (REPEATED.test(name)) return 'repeated';
    return DESCRIPTIVE.test(name) ? 'keep' : 'text';
  });
}

function bareName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[-_]bin$/, '');
}

function isKey(name: string): boolean {
  const dashed = name.replaceAll(/[_.]/g, '-');
  return /-key$/.test(dashed) && !NAMING_KEY.test(dashed);
}
