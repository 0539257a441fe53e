import { EngramTraceError } from '../../error.ts';
import type { Protocol } from '../../trace/record/record.ts';
import { type ProbedTarget, whyNobody } from '../../transports/probe-target.ts';
import type { RunOptions } from '../options/run-options.ts';

/** How long one look at a target may take, and how long after it the next one follows. */
const LOOK_MS = 2000;
const PAUSE_MS = 200;

/** Why the replay can't begin. */
export interface NobodyThere {
  readonly error: EngramTraceError | undefined;
  /** Somebody came while we waited: connections can be opened now. */
  readonly hasWaited: boolean;
}

type Given = Pick<RunOptions, 'http' | 'grpc' | 'tls' | 'waitForTargetMs'>;

/**
 * Looks whether anybody is there at the targets of these protocols, and waits for them as long as was asked for. It is
 * asked once the warm-up has failed: whoever it did not fail for sees no connection of this.
 */
export async function awaitTargets(
  run: Given,
  protocols: Iterable<Protocol>,
  signal: AbortSignal | undefined,
  nowMs: () => number,
): Promise<NobodyThere> {
  const untilMs = nowMs() + (run.waitForTargetMs ?? 0);
  let hasWaited = false;
  for (const protocol of protocols) {
    const target = targetOf(run, protocol);
    if (target === undefined) continue;
    for (;;) {
      const why = await whyNobody(target, LOOK_MS);
      if (why === undefined || signal?.aborted === true) break;
      if (nowMs() >= untilMs) return { error: nobodyAt(run, protocol, why), hasWaited };
      hasWaited = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return { error: undefined, hasWaited };
}

function targetOf({ tls = {}, ...run }: Given, protocol: Protocol): ProbedTarget | undefined {
  const endpoint = run[protocol];
  if (endpoint === undefined) return undefined;
  const { authority } = endpoint;
  return { authority, tls: endpoint.tls ? tls : undefined, alpn: protocol === 'http' ? 'http/1.1' : 'h2' };
}

function nobodyAt({ waitForTargetMs = 0, ...run }: Given, protocol: Protocol, why: string): EngramTraceError {
  const [name, flag] = protocol === 'http' ? ['HTTP', '--endpoint'] : ['gRPC', '--grpc-endpoint'];
  const waited = waitForTargetMs > 0 ? ` within ${waitForTargetMs / 1000} s` : '';
  return new EngramTraceError('target', `no ${name} server at ${run[protocol]?.url}${waited}: ${why}`, {
    hint: `nothing was sent; start the server, name another with ${flag}, or wait for it with --wait-for-target 30s`,
  });
}
