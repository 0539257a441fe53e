import { EngramTraceError } from '../../error.ts';
import { isRedacted } from './redacted.ts';

/** Throws `bad_record` for what is no path of a gRPC method: nothing else may stand in `:path`. */
export function checkGrpcPath(path: string): void {
  if (!/^\/[\x21-\x7e]+$/.test(path) || isRedacted(path))
    throw notAllowed(`the path ${JSON.stringify(path)}`);
}

function notAllowed(what: string): EngramTraceError {
  return new EngramTraceError('bad_record', `gRPC does not allow ${what}`);
}
