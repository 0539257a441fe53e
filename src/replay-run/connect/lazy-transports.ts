import { EngramTraceError } from '../../error.ts';
import type { Transport } from '../../replay/ports.ts';
import type { Protocol } from '../../trace/record/record.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';

/** Makes the transport of each protocol; undefined where it has no target. */
export type TransportMakers = Readonly<Record<Protocol, (() => Promise<Transport>) | undefined>>;

/** One transport per protocol, loaded and made when its first record is read: without gRPC records, no gRPC server. */
export interface LazyTransports {
  /** Makes what is missing for these protocols. To be awaited before their first record is sent. */
  prepare(protocols: Iterable<Protocol>): Promise<void>;
  /** Opens connections of all that were made; what fails is told, and the operations will say so again. */
  warmUp(timeoutMs: number, sessions?: FirstSessions): Promise<EngramTraceError[]>;
  /** Undefined for a protocol that has no target. */
  for(protocol: Protocol): Transport | undefined;
  /** By the addresses of the names of those targets that were made a transport for; none for a target that is an address. */
  addressUse(): TargetAddressUse[];
  close(): Promise<void>;
}

/** What tells how the addresses of the targets' names were used, by protocol. */
export type AddressUses = Readonly<
  Partial<Record<Protocol, () => readonly Omit<TargetAddressUse, 'protocol'>[]>>
>;

export function createLazyTransports(makers: TransportMakers, addressUses: AddressUses = {}): LazyTransports {
  const made = new Map<Protocol, Transport>();
  return {
    prepare: async (protocols) => {
      for (const protocol of protocols) {
        const make = makers[protocol];
        if (make !== undefined && !made.has(protocol)) made.set(protocol, await make());
      }
    },
    warmUp: async (timeoutMs, sessions) => {
      const tries = [...made].map(([protocol, transport]) =>
        failureOf(protocol, () => transport.warmUp(sessions?.[protocol]), timeoutMs),
      );
      return (await Promise.all(tries)).filter((error) => error !== undefined);
    },
    for: (protocol) => {
      const transport = made.get(protocol);
      if (transport === undefined && makers[protocol] !== undefined)
        throw new EngramTraceError('internal', `no transport for ${protocol}`);
      return transport;
    },
    addressUse: () =>
      [...made.keys()].flatMap((protocol) =>
        (addressUses[protocol]?.() ?? []).map((use) => ({ protocol, ...use })),
      ),
    close: async () => {
      await Promise.all([...made.values()].map((transport) => transport.close()));
    },
  };
}

const NAMES: Readonly<Record<Protocol, string>> = { http: 'HTTP', grpc: 'gRPC' };

async function failureOf(
  protocol: Protocol,
  warmUp: () => Promise<void>,
  timeoutMs: number,
): Promise<EngramTraceError | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the ${NAMES[protocol]} target does not answer within ${timeoutMs / 1000} s`;
    const error = new EngramTraceError('target', message);
    timer = setTimeout(reject, timeoutMs, error);
  });
  try {
    await Promise.race([warmUp(), late]);
    return undefined;
  } catch (thrown) {
    return EngramTraceError.from(thrown, 'target');
  } finally {
    clearTimeout(timer);
  }
}
