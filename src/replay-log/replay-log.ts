import type { ReplayObserver } from '../replay/ports.ts';
import type { LogBlockMessage } from './log-block.ts';

/** What a replay log says of itself before its first entry. */
export interface LogHeader {
  formatVersion: number;
  /** Program and version. */
  tool: string;
  /** Wall clock at the start, ISO 8601. */
  started: string;
  /** The name of the trace, as it was given. */
  traceName: string;
  /** `plan.options` of the results document, as JSON. */
  optionsJson: string;
}

/** What is known when the replay is over. */
export interface LogEnd {
  /** Entries that could not be kept. */
  entriesLost: number;
  /** Due time of the first operation in ns on the replay's clock; undefined when there was none. */
  anchorNs: number | undefined;
  /** What the results document says that no entry can prove, as JSON. */
  factsJson: string;
}

/** How a log that is whole is named in the results document. */
export interface LogSeal {
  entries: number;
  entriesLost: number;
  blocks: number;
  /** SHA-256, in hex, of the last frame, which by the chain of hashes stands for all of them. */
  sha256: string;
}

/** A replay log while it is written. Nothing of it ever waits on the sending thread. */
export interface ReplayLog {
  /** Writes rows for one shard; 0, the only one, where undefined. */
  recorder(shard?: number): ReplayLogObserver;
  /** Takes a block that another thread filled; its memory is taken over, and `written` gets it back. */
  append(block: LogBlockMessage, written?: (memory: ArrayBuffer) => void): void;
  /** Writes the end and puts the file in place. Rejects with `io` where the log could not be written. */
  finish(end: Omit<LogEnd, 'entriesLost'>): Promise<LogSeal>;
  /** Keeps what was written, without an end, in a place where it replaces nothing. */
  close(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** The place of a send among those of its shard, and how many operations the shard had in flight then. */
export interface SendPlace {
  readonly order: number;
  readonly inFlight: number;
}

/** Takes what the engine reports into blocks. */
export interface ReplayLogObserver extends ReplayObserver {
  /** Where the send of that operation stands, until it is settled. */
  placeOf(number: number): SendPlace | undefined;
  /** The operation was sent there, as somebody else has seen. */
  adopt(number: number, place: SendPlace): void;
  /** Hands on the block that is not full. */
  flush(): void;
}
