import { EngramTraceError } from '../../error.ts';
import type { Protocol } from '../../trace/record/record.ts';
import { type ProbedTarget, type ProbeFinding, probeTarget } from '../../transports/connect/probe-target.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';
import { allTargets, type Targets } from '../target/targets.ts';

/** How long one look at a target may take, and how long after it the next one follows. */
const LOOK_MS = 2000;
const PAUSE_MS = 200;

/** Why a replay can't begin: a target that nobody answers at. */
export interface NobodyThere {
  readonly error: EngramTraceError | undefined;
  /** Of several targets, those that nobody answers at while others are there: the replay begins without them. */
  readonly absent: readonly EngramTraceError[];
  /** Somebody came while we waited: connections can be opened now. */
  readonly hasWaited: boolean;
}

interface Given
  extends Pick<RunOptions, 'http' | 'grpc' | 'moreTargets' | 'tls' | 'waitForTargetMs' | 'transport'> {
  /** The addresses that the targets' names stand for, where they were looked up; one entry a target. */
  addresses?: readonly TargetAddresses[] | undefined;
}

/** One target of those that were given. */
interface One extends Pick<Given, 'tls' | 'waitForTargetMs'>, Targets {
  readonly addresses: TargetAddresses | undefined;
}

/**
 * Looks whether anybody is there at the targets of these protocols, and waits for them as long as was asked for. It is
 * asked once the warm-up has failed: whoever it did not fail for sees no connection of this. Of several targets one has
 * to be there, and all have to speak what they are asked for. What a transport of the caller's connects to, only that
 * transport knows.
 */
export async function awaitTargets(
  run: Given,
  protocols: Iterable<Protocol>,
  signal: AbortSignal | undefined,
  nowMs: () => number,
): Promise<NobodyThere> {
  const { transport, addresses = [], tls, waitForTargetMs } = run;
  const there: NobodyThere = { error: undefined, hasWaited: false, absent: [] };
  if (typeof transport === 'object') return there;
  const untilMs = nowMs() + (waitForTargetMs ?? 0);
  const targets = allTargets(run);
  const all = targets.map((target, i) => ({ ...target, tls, waitForTargetMs, addresses: addresses[i] }));
  const absent = new Map<One, EngramTraceError>();
  let hasWaited = false;
  for (const protocol of protocols) {
    for (const one of all) {
      const found = await awaited(one, protocol, signal, () => nowMs() < untilMs);
      hasWaited ||= found.hasWaited;
      if (found.isOther) return { ...there, error: found.error, hasWaited };
      if (found.error !== undefined) absent.set(one, found.error);
    }
  }
  const [first] = absent.values();
  if (absent.size === targets.length) return { ...there, error: first, hasWaited };
  return { ...there, hasWaited, absent: [...absent.values()] };
}

interface Found {
  error: EngramTraceError | undefined;
  /** Somebody is there, and speaks something else. */
  isOther: boolean;
  hasWaited: boolean;
}

async function awaited(
  run: One,
  protocol: Protocol,
  signal: AbortSignal | undefined,
  isTimeLeft: () => boolean,
): Promise<Found> {
  let hasWaited = false;
  const target = targetOf(run, protocol);
  if (target === undefined) return { error: undefined, isOther: false, hasWaited };
  for (;;) {
    const found = await probeTarget(target, LOOK_MS);
    if (found === undefined || signal?.aborted === true)
      return { error: undefined, isOther: false, hasWaited };
    // It will not learn to speak something else.
    if (found.speaks !== undefined)
      return { error: await strangerAt(run, protocol, found), isOther: true, hasWaited };
    if (!isTimeLeft()) return { error: nobodyAt(run, protocol, found.why), isOther: false, hasWaited };
    hasWaited = true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function targetOf({ tls = {}, addresses, ...run }: One, protocol: Protocol): ProbedTarget | undefined {
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

function nobodyAt({ waitForTargetMs = 0, ...run }: One, protocol: Protocol, why: string): EngramTraceError {
  const [name, flag] = NAMES[protocol];
  const waited = waitForTargetMs > 0 ? ` within ${waitForTargetMs / 1000} s` : '';
  return new EngramTraceError('target', `no ${name} server at ${run[protocol]?.url}${waited}: ${why}`, {
    hint: `nothing was sent; start the server, name another with ${flag}, or wait for it with --wait-for-target 30s`,
  });
}

/** Makes the error for a target that speaks another protocol, perhaps that of the other endpoint. */
async function strangerAt(
  run: One,
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

async function whereItBelongs(run: One, other: Protocol): Promise<string> {
  const target = targetOf(run, other);
  const found = target && (await probeTarget(target, LOOK_MS));
  const isSwapped = found?.speaks !== undefined && found.speaks !== 'TLS';
  if (isSwapped) return 'swap --endpoint and --grpc-endpoint: each is what the other one asks for';
  const [name, flag] = NAMES[other];
  return target === undefined
    ? `is it the ${name} server, for ${flag}?`
    : `is its port the one for ${name} (${flag})?`;
}
