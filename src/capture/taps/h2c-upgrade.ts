import type { HeaderList } from '../../trace/record/record.ts';
import { valuesOf } from '../../wire/http1-head.ts';

const H2C = /(^|,)[ \t]*h2c[ \t]*($|,)/i;

/** The answer with status 101 turns the connection into HTTP/2 (RFC 7540 §3.2): it says so, or nothing else was asked for. */
export function isH2cGranted(request: HeaderList, answer: HeaderList): boolean {
  const granted = valuesOf(answer, 'upgrade');
  const offered = valuesOf(request, 'upgrade');
  return (granted.length > 0 ? granted : offered).some((value) => H2C.test(value));
}

/** The payload of the SETTINGS frame that the client's HTTP2-Settings header stands for; empty where there is none. */
export function h2cSettings(request: HeaderList): Buffer {
  const settings = Buffer.from(valuesOf(request, 'http2-settings')[0] ?? '', 'base64url');
  return settings.length % 6 === 0 ? settings : Buffer.alloc(0);
}
