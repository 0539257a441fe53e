import { EngramTraceError } from '../error.ts';

/** The error all parsers of this folder throw for bytes that are not the protocol they read. */
export function malformed(protocol: string, what: string): EngramTraceError {
  return new EngramTraceError('target', `not ${protocol}: ${what}`);
}
