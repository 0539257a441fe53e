import { EngramTraceError } from '../../error.ts';
import type { Protocol } from '../../trace/record/record.ts';
import { type ProbedTarget, type ProbeFinding, probeTarget } from '../../transports/connect/probe-target.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';

/** How long one look at a target may take, and how long after it the next one follows. */
const LOOK_MS = 2000;
const PAUSE_MS = 200;

/** Why a replay can't begin: a target that nobody answers at. */
export interface NobodyThere {
  readonly error: EngramTraceError | undefined;
  /** Somebody came while we waited: connections can be opened now. */
  readonly hasWaited: boolean;
}

interface Given extends Pick<RunOptions, 'http' | 'grpc' | 'tls' | 'waitForTargetMs' | 'transport'> {
  /** The addresses that the targets' names stand for, where they were looked up. */
  addresses?: TargetAddresses | undefined;
}

/**
 * Looks whether anybody is there at the targets of these protocols, and waits for them as long as was asked for. It is
 * asked once the warm-up has failed: whoever it did not fail for sees no connection of this. What a transport of the
 * caller's connects to, only that transport knows.
 */
export async function awaitTargets(
  run: Given,
  protocols: Iterable<Protocol>,
  signal: AbortSignal | undefined,
  nowMs: () => number,
): Promise<NobodyThere> {
  if (typeof run.transport === 'object') return { error: undefined, hasWaited: false };
  const untilMs = nowMs() + (run.waitForTargetMs ?? 0);
  let hasWaited = false;
  for (const protocol of protocols) {
    const target = targetOf(run, protocol);
    if (target === undefined) continue;
    for (;;) {
      const found = await probeTarget(target, LOOK_MS);
      if (found === undefined || signal?.aborted === true) break;
      // It will not learn to speak something else.
      if (found.speaks !== undefined) return { error: await strangerAt(run, protocol, found), hasWaited };
      if (nowMs() >= untilMs) return { error: nobodyAt(run, protocol, found.why), hasWaited };
      hasWaited = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return { error: undefined, hasWaited };
}

function targetOf({ tls = {}, addresses, ...run }: Given, protocol: Protocol): ProbedTarget | undefined {
  const endpoint = run[protocol];
  if (endpoint === undefined) return undefined;
  const { authority } = endpoint;
  return {
    authority,
    addresses: addresses?.[protocol],
    tls: endpoint.tls ? tls : undefined,
    alpn: protocol === 'http' ? 'http/1.1' : 'h2',
  };
}

const NAMES = { http: ['HTTP', '--endpoint'], grpc: ['gRPC', '--grpc-endpoint'] } as const;

function nobodyAt({ waitForTargetMs = 0, ...run }: Given, protocol: Protocol, why: string): EngramTraceError {
  const [name, flag] = NAMES[protocol];
  const waited = waitForTargetMs > 0 ? ` within ${waitForTargetMs / 1000} s` : '';
  return new EngramTraceError('target', `no ${name} server at ${run[protocol]?.url}${waited}: ${why}`, {
    hint: `nothing was sent; start the server, name another with ${flag}, or wait for it with --wait-for-target 30s`,
  });
}

/** Makes the error for a target that speaks another protocol, perhaps that of the other endpoint. */
async function strangerAt(
  run: Given,
  protocol: Protocol,
  { why, speaks }: ProbeFinding,
): Promise<EngramTraceError> {
  const [name] = NAMES[protocol];
  const other = protocol === 'http' ? 'grpc' : 'http';
  const hint = speaks === 'TLS' ? 'write https:// for it' : await whereItBelongs(run, other);
  return new EngramTraceError('target', `no ${name} server at ${run[protocol]?.url}: ${why}`, {
    hint: `nothing was sent; ${hint}`,
  });
}

async function whereItBelongs(run: Given, other: Protocol): Promise<string> {
  const target = targetOf(run, other);
  const found = target && (await probeTarget(target, LOOK_MS));
  const isSwapped = found?.speaks !== undefined && found.speaks !== 'TLS';
  if (isSwapped) return 'swap --endpoint and --grpc-endpoint: each is what the other one asks for';
  const [name, flag] = NAMES[other];
  return target === undefined
    ? `is it the ${name} server, for ${flag}?`
    : `is its port the one for ${name} (${flag})?`;
}
