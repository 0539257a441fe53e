import type { LookupAddress } from 'node:dns';
import type { ShardPart } from '../../replay/replay-options.ts';
import type { ChaosSection } from '../../results/document/chaos-section.ts';
import type { HeaderList, Protocol } from '../../trace/record/record.ts';
import type { TlsSettings } from '../../transports/connect/tls-settings.ts';
import type { Endpoint } from '../target/endpoint.ts';

/** A server that chaos is done to. Plain data. */
export interface ChaosTarget {
  readonly protocol: Protocol;
  readonly endpoint: Endpoint;
  /** What its name stands for, where that was looked up. */
  readonly addresses: readonly LookupAddress[] | undefined;
  readonly tls: TlsSettings | undefined;
  readonly headers: HeaderList;
}

/** What is done to the targets of a run besides its load, and counted in nothing of it. */
export interface ChaosLoad {
  /** What the plan's options say of it, by name. */
  readonly shown: Readonly<Record<string, number>>;
  /** Connections that it opens at most at one time. */
  readonly mostConnections: number;
  /** What one shard would do of it. */
  planned(shard: ShardPart | undefined): ChaosPlanned;
  /** Makes everything ready. */
  open(targets: readonly ChaosTarget[], shard: ShardPart | undefined): Promise<ChaosRun>;
}

/** How many events there are, by kind, and the digest of all. */
export interface ChaosPlanned {
  readonly digest: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Chaos while it goes on. */
export interface ChaosRun {
  /** The load begins now. */
  start(): void;
  /** The load is over: ends what is open. Once only; resolves with an error's words where nobody knows what was done. */
  end(): Promise<ChaosSection | string>;
  close(): Promise<void>;
}
