import { emptyRecord, type HeaderList, NO_HEADERS, type TraceRecord } from '../../trace/record/record.ts';
import type { SeededStream } from '../streams/seeded-stream.ts';
import type { CacheArtifacts } from './cache-artifacts.ts';
import { clientSession } from './client-pace.ts';
import { isInShare } from './even-share.ts';

const PUT_HEADERS: HeaderList = ['content-type', 'application/octet-stream'];
/** Artifacts that a client asks for again; of more it forgets the oldest. */
const MOST_STORED = 256;

/** What clients of a build cache have in common. */
export interface CacheTraffic {
  readonly clients: number;
  /** Share of lookups that are to hit, 0 to 1. */
  readonly hitRate: number;
  /** Share of operations that store something, 0 to 1, beside the first of each client. */
  readonly putShare: number;
  readonly artifacts: CacheArtifacts;
  /** Draws which of the stored artifacts is asked for. */
  readonly choices: SeededStream;
}

/**
 * One client of a build cache: it stores an artifact, and then mostly looks things up: what it has stored itself, which
 * hits, or what nobody has stored, which misses. So its operations follow from the seed and its own answers, however
 * fast the others are, and on a server that holds what an earlier run left as on an empty one.
 */
export class CacheClient {
  readonly #traffic: CacheTraffic;
  readonly #number: number;
  readonly #session: string;
  readonly #phase: number;
  #operations = 0;
  #lookups = 0;
  #puts = 0;
  /** Where the first artifact is that it tried to store, and all that the server took. */
  #firstPath: string | undefined;
  readonly #storedPaths: string[] = [];

  constructor(traffic: CacheTraffic, number: number) {
    this.#traffic = traffic;
    this.#number = number;
    this.#session = clientSession(number);
    this.#phase = (number + 0.5) / traffic.clients;
  }

  /** Operations made so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Makes its next operation. */
  next(): TraceRecord {
    const index = this.#operations++;
    const stores = index === 0 || isInShare(index - 1, this.#traffic.putShare, this.#phase);
    return stores ? this.#put() : this.#get(index);
  }

  /** Its first operation was made by somebody else: it goes on with the second. */
  skipFirst(): this {
    this.#operations = 1;
    this.#puts = 1;
    return this;
  }

  /** Its last operation was answered; what was stored can be looked up from now on. */
  answered({ op, path }: TraceRecord, isOk: boolean): void {
    if (op !== 'put') return;
    this.#firstPath ??= path;
    if (!isOk || this.#storedPaths.includes(path)) return;
    this.#storedPaths.push(path);
    if (this.#storedPaths.length > MOST_STORED) this.#storedPaths.shift();
  }

  #put(): TraceRecord {
    const { artifacts, clients } = this.#traffic;
    const { path, body } = artifacts.at(this.#number + clients * this.#puts++);
    return { ...this.#record('put', 'PUT', path), headers: PUT_HEADERS, body };
  }

  #get(index: number): TraceRecord {
    const { hitRate } = this.#traffic;
    const lookup = this.#lookups++;
    const path = isInShare(lookup, hitRate, this.#phase) ? this.#storedPath(index) : undefined;
    return this.#record('get', 'GET', path ?? this.#traffic.artifacts.missingPath(this.#number, lookup));
  }

  /** One of those it stored; where the server took none, the first it tried. */
  #storedPath(index: number): string | undefined {
    const place = this.#traffic.choices.below(this.#storedPaths.length, this.#number, index);
    return this.#storedPaths[place] ?? this.#firstPath;
  }

  #record(op: string, method: string, path: string): TraceRecord {
    return { ...emptyRecord(), session: this.#session, op, method, path, headers: NO_HEADERS };
  }
}
