import { EngramTraceError } from '../../error.ts';
import { keysNotTaken } from '../../transports/request/grpc-metadata-rules.ts';
import type { RunOptions } from './run-options.ts';

type Given = Pick<RunOptions, 'http' | 'grpc' | 'headers'>;

/** Throws `usage` for headers given to a run of gRPC alone that no call is sent with. */
export function refuseHeadersNotForGrpc(run: Given): void {
  const names = namesNotForGrpc(run);
  if (names.length === 0 || run.http !== undefined) return;
  throw new EngramTraceError('usage', `${sayNotTaken(names)}`, {
    hint: 'leave it out: the authority is that of --grpc-endpoint (--servername sets another), the rest is recorded',
  });
}

/** Says of headers that no call is sent with, where HTTP gets them too; undefined for nothing to say. */
export function warningOfHeadersNotForGrpc(run: Given): string | undefined {
  const names = namesNotForGrpc(run);
  return names.length === 0 ? undefined : `${sayNotTaken(names)}; requests of HTTP are sent with it`;
}

function namesNotForGrpc({ grpc, headers = [] }: Given): string[] {
  return grpc === undefined ? [] : keysNotTaken(headers);
}

function sayNotTaken(names: readonly string[]): string {
  return `gRPC calls do not take ${names.map((name) => `'${name}'`).join(', ')} from -H`;
}
