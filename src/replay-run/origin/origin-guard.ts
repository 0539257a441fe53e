import { EngramTraceError } from '../../error.ts';
import type { HeaderList, Protocol, TraceRecord } from '../../trace/record/record.ts';
import { type Authority, LOOPBACK, parseAuthority } from '../target/authority.ts';
import type { Endpoint } from '../target/endpoint.ts';
import type { Targets } from '../target/targets.ts';

/** Keeps a replay away from the servers its trace was recorded from. */
export interface OriginGuard {
  /** Throws `usage` where an endpoint is one of the origins in the header. */
  checkOrigins(): void;
  /** Throws `usage` where the client of this record addressed an endpoint of this replay. */
  checkRecord(record: TraceRecord): void;
}

/** The facts by which a guard decides. */
export interface GuardFacts {
  /** Authorities in the header of the trace. */
  readonly origins: readonly string[];
  readonly targets: readonly Targets[];
  /** Names and addresses of the machine this runs on. */
  readonly machine: readonly string[];
  /** The addresses that the host of an endpoint resolves to, by the place of its target. */
  readonly addressesOf: (target: number, protocol: Protocol) => readonly string[];
}

/** Makes the guard of one run. */
export function createOriginGuard(facts: GuardFacts): OriginGuard {
  return new Guard(facts);
}

interface Origin extends Authority {
  /** The authority as the header has it. */
  readonly text: string;
}

interface Guarded {
  readonly url: string;
  readonly port: string;
  /** All that the endpoint's machine is called, as far as it is known. */
  readonly hosts: ReadonlySet<string>;
}

/** Authorities of clients that were looked at and are no endpoint of the run. */
const MOST_REMEMBERED = 1024;

/**
 * `loopback` means the machine of the recording there, and this one here. Capture writes, with the port of each address
 * that is its machine's own, the machine's names too; so the two are told apart where such names are in the header.
 */
class Guard implements OriginGuard {
  readonly #origins: readonly Origin[];
  readonly #endpoints: Readonly<Record<Protocol, readonly Guarded[]>>;
  readonly #machine: ReadonlySet<string>;
  /** The ports of the origins: a name that clients used may be joined with any of them. */
  readonly #ports: ReadonlySet<string>;
  readonly #passedLists = new WeakSet<HeaderList>();
  readonly #passed = new Set<string>();

  constructor({ origins, targets, machine, addressesOf }: GuardFacts) {
    this.#origins = parsedAll(origins);
    this.#machine = hostsOf(machine);
    this.#ports = new Set(this.#origins.flatMap(({ ports }) => ports));
    const guarded = (protocol: Protocol): Guarded[] =>
      targets
        .map(({ [protocol]: endpoint }, i) => endpoint && this.#guarded(endpoint, addressesOf(i, protocol)))
        .filter((each) => each !== undefined);
    this.#endpoints = { http: guarded('http'), grpc: guarded('grpc') };
  }

  checkOrigins(): void {
    for (const endpoint of [...this.#endpoints.http, ...this.#endpoints.grpc]) {
      const origin = this.#origins.find((each) => this.#isOrigin(each, endpoint));
      if (origin !== undefined) throw refusal(endpoint, origin.text);
    }
  }

  checkRecord(record: TraceRecord): void {
    const { headers, path, protocol } = record;
    const endpoints = this.#endpoints[protocol];
    if (endpoints.length === 0) return;
    if (!this.#passedLists.has(headers)) {
      for (let i = 0; i + 1 < headers.length; i += 2) {
        if (isAddressing(headers[i] as string)) this.#checkAll(headers[i + 1] as string, endpoints);
      }
      this.#passedLists.add(headers);
    }
    if (protocol === 'http' && !path.startsWith('/') && path.includes('://')) {
      this.#checkAll(path.replace(/^[^:]*:\/\/(?:[^/?#]*@)?/, ''), endpoints);
    }
  }

  #guarded({ url, authority }: Endpoint, addresses: readonly string[]): Guarded | undefined {
    const parsed = parseAuthority(authority);
    if (parsed === undefined) return undefined;
    const hosts = new Set([parsed.host, ...hostsOf(addresses)]);
    const isHere = hosts.has(LOOPBACK) || [...hosts].some((host) => this.#machine.has(host));
    if (isHere) for (const name of [LOOPBACK, ...this.#machine]) hosts.add(name);
    return { url, port: parsed.ports[0] as string, hosts };
  }

  #isOrigin(origin: Origin, { port, hosts }: Guarded): boolean {
    if (!origin.ports.includes(port) || !hosts.has(origin.host)) return false;
    return origin.host !== LOOPBACK || !this.#isElsewhere(port);
  }

  /** The loopback of another machine: names are there for this port, and none of them is this machine's. */
  #isElsewhere(port: string): boolean {
    const named = this.#origins.filter(({ host, ports }) => host !== LOOPBACK && ports.includes(port));
    return named.length > 0 && !named.some(({ host }) => this.#machine.has(host));
  }

  #checkAll(text: string, endpoints: readonly Guarded[]): void {
    for (const endpoint of endpoints) this.#check(text, endpoint);
  }

  #check(text: string, endpoint: Guarded): void {
    const key = `${endpoint.url} ${text}`;
    if (this.#passed.has(key)) return;
    const authority = parseAuthority(text);
    if (authority !== undefined && this.#isAddressed(authority, endpoint)) throw refusal(endpoint, text);
    if (this.#passed.size < MOST_REMEMBERED && text.length < 256) this.#passed.add(key);
  }

  /** By the name alone where the port is one of capture's: what is in front of it may have mapped it. */
  #isAddressed({ host, ports }: Authority, endpoint: Guarded): boolean {
    if (!endpoint.hosts.has(host)) return false;
    if (host !== LOOPBACK) return ports.includes(endpoint.port) || this.#ports.has(endpoint.port);
    const isRecordedHere = this.#origins.some((origin) => this.#machine.has(origin.host));
    return isRecordedHere && ports.includes(endpoint.port);
  }
}

/** Headers that say which server was meant. */
function isAddressing(name: string): boolean {
  const { length } = name;
  if (length === 4) return name.toLowerCase() === 'host';
  if (length === 10) return name === ':authority';
  return length === 16 && name.toLowerCase() === 'x-forwarded-host';
}

function parsedAll(authorities: readonly string[]): Origin[] {
  return authorities.flatMap((text) => {
    const authority = parseAuthority(text);
    return authority === undefined ? [] : [{ text, ...authority }];
  });
}

function hostsOf(names: readonly string[]): Set<string> {
  return new Set(parsedAll(names).map(({ host }) => host));
}

function refusal({ url }: Guarded, origin: string): EngramTraceError {
  return new EngramTraceError('usage', `${url} is where this trace was recorded (${origin})`, {
    hint: 'replaying would send its traffic, writes included, to that server again; --allow-origin if you mean it',
  });
}
