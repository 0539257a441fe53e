import { EngramTraceError } from '../trace/error.ts';
import { isRedacted } from './redacted.ts';

/** Throws `bad_record` for what is no path of a gRPC method: nothing else may stand in `:path`. */
export function checkGrpcPath(path: string): void {
  if (!/^\/[\x21-\x7e]+$/.test(path) || isRedacted(path))
    throw notAllowed(`the path ${JSON.stringify(path)}`);
}

/** Throws `bad_record` for metadata, as it goes on the wire, that gRPC has no room for (its `Custom-Metadata`). */
export function checkMetadata(key: string, value: string): void {
  if (!/^[:0-9a-z_.-]+$/.test(key)) throw notAllowed(`the metadata key ${JSON.stringify(key)}`);
  if (!/^[ -~]*$/.test(value)) throw notAllowed(`the value of ${key}`);
}

function notAllowed(what: string): EngramTraceError {
  return new EngramTraceError('bad_record', `gRPC does not allow ${what}`);
}
