import type { Transport } from '../replay/ports.ts';
import { EngramTraceError } from '../trace/error.ts';
import type { Protocol } from '../trace/record.ts';

/** One transport per protocol, made when the first record asks for it: a trace without gRPC needs no gRPC server. */
export interface LazyTransports {
  for(protocol: Protocol): Transport;
  /** Opens connections for these protocols; what fails is told, and the replay goes on: its operations will say so. */
  warmUp(protocols: Iterable<Protocol>, timeoutMs: number): Promise<EngramTraceError[]>;
  close(): Promise<void>;
}

export function createLazyTransports(make: Readonly<Record<Protocol, () => Transport>>): LazyTransports {
  const made = new Map<Protocol, Transport>();
  const transportFor = (protocol: Protocol): Transport => {
    let transport = made.get(protocol);
    if (transport === undefined) {
      transport = make[protocol]();
      made.set(protocol, transport);
    }
    return transport;
  };
  return {
    for: transportFor,
    warmUp: async (protocols, timeoutMs) => {
      const tries = [...new Set(protocols)].map((each) => failureOf(transportFor(each), timeoutMs));
      return (await Promise.all(tries)).filter((error) => error !== undefined);
    },
    close: async () => {
      await Promise.all([...made.values()].map((transport) => transport.close()));
    },
  };
}

async function failureOf(transport: Transport, timeoutMs: number): Promise<EngramTraceError | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new EngramTraceError('target', `the target does not answer within ${timeoutMs / 1000} s`);
    timer = setTimeout(reject, timeoutMs, error);
  });
  try {
    await Promise.race([transport.warmUp(), late]);
    return undefined;
  } catch (thrown) {
    return EngramTraceError.from(thrown, 'target');
  } finally {
    clearTimeout(timer);
  }
}
