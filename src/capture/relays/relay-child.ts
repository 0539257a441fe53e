import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { EngramTraceError } from '../../error.ts';
import type { CaptureSummary, ListenerKind } from '../capture.ts';
import type { FromRelay, RelayStart, RelayStatus, ToRelay } from './relay-messages.ts';

/** What the parent is told of a relay process. */
export interface RelayEvents {
  readonly onReady: () => void;
  readonly onWarning: (text: string) => void;
  readonly onStatus: (status: RelayStatus) => void;
  /** The process is no more; told once, last. */
  readonly onGone: () => void;
}

const MAX_STDERR = 16 * 1024;
/** What a process said last is read soon after its end. */
const READ_ON_MS = 5;
/** The line in which Node or V8 says what ended it. */
const LAST_WORDS = /^(?:\w*Error\b.*|FATAL ERROR: .*)$/m;

/** A relay process, seen from its parent. */
export class RelayChild {
  readonly runId: string;
  readonly startedNs: number;
  readonly #child: ChildProcess;
  readonly #events: RelayEvents;
  /** The connections that are still here, behind others that wait to be handed over. */
  readonly #waiting = new Map<Socket, ListenerKind>();
  #handed = 0;
  #load = { taken: 0, open: 0 };
  #stderr = '';
  #end = '';
  #isReady = false;
  #isGone = false;
  /** What it told last; undefined before. */
  status: RelayStatus | undefined;
  summary: CaptureSummary | undefined;
  /** Why it could not start. */
  error: EngramTraceError | undefined;

  constructor(start: RelayStart, events: RelayEvents, program: URL) {
    this.runId = start.runId;
    this.startedNs = start.clock.nowNs;
    this.#events = events;
    this.#child = fork(fileURLToPath(program), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced', // for bytes of certificates, and big integers
    });
    this.#follow();
    this.#send({ kind: 'start', start });
  }

  get isReady(): boolean {
    return this.#isReady && this.#end === '';
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Connections that it has, or will have. */
  get openConnections(): number {
    return this.#load.open + this.#handed - this.#load.taken;
  }

  /** What ended the process, in a few words. */
  get end(): string {
    if (this.error !== undefined) return this.error.message; // it was killed for that
    const words = LAST_WORDS.exec(this.#stderr)?.[0];
    return words === undefined ? this.#end : `${this.#end}: ${words}`;
  }

  /** Hands a connection over. Of one that could not be taken before the process ended `takeBack` tells. */
  hand(kind: ListenerKind, client: Socket): void {
    this.#handed++;
    this.#waiting.set(client, kind);
    const message: ToRelay = { kind: 'connection', listener: kind };
    this.#child.send(message, client, undefined, (error) => {
      if (error === null) this.#waiting.delete(client);
    });
  }

  /** The connections that never left this process, but for those whose clients are gone: they are closed. */
  takeBack(): [Socket, ListenerKind][] {
    const here = [...this.#waiting].filter(([client]) => hasHandle(client));
    this.#waiting.clear();
    this.#handed -= here.length;
    const hasClient = ([client]: [Socket, ListenerKind]): boolean => client.remoteAddress !== undefined;
    for (const one of here) if (!hasClient(one)) one[0].destroy();
    return here.filter(hasClient);
  }

  close(): void {
    this.#send({ kind: 'close' });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToRelay): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #follow(): void {
    const child = this.#child;
    child.stderr?.on('data', (part: Buffer) => {
      this.#stderr = (this.#stderr + part.toString()).slice(-MAX_STDERR);
    });
    child.on('message', (message: FromRelay) => this.#onMessage(message));
    child.once('exit', (code, signal) => {
      this.#end = signal ?? `exit code ${code}`;
      this.#goOnceRead();
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return; // a message that did not reach it: it is about to be gone
      this.#end = error.message;
      this.#go();
    });
  }

  /**
   * Messages may come after the exit. Their end is not waited for by 'disconnect': where a connection was on its way, Node
   * puts that off until the process has taken it, for good when it is dead.
   */
  #goOnceRead(): void {
    if (this.#child.connected) {
      setTimeout(() => this.#goOnceRead(), READ_ON_MS);
      return;
    }
    closeOnItsWay(this.#child);
    this.#go();
  }

  #go(): void {
    this.#isGone = true;
    this.#events.onGone();
  }

  #onMessage(message: FromRelay): void {
    if (message.kind === 'load') this.#load = message.load;
    else if (message.kind === 'warning') this.#events.onWarning(message.text);
    else if (message.kind === 'closed') this.summary = message.summary;
    else if (message.kind === 'status') {
      this.status = message.status;
      this.#load = message.status.load;
      this.#events.onStatus(message.status);
    } else if (message.kind === 'ready') {
      this.#isReady = true;
      this.#events.onReady();
    } else {
      const { code, message: text, where, hint } = message.error;
      this.error = new EngramTraceError(code, text, { where, hint });
      this.kill();
    }
  }
}

/** It has none once it was handed over, or is on its way. */
function hasHandle(client: Socket): boolean {
  return Boolean((client as { _handle?: object | null })._handle);
}

/** Closes the connection that a dead process has not taken: Node keeps its handle, and its client would wait for ever. */
function closeOnItsWay(child: ChildProcess): void {
  const sender = child as { _pendingMessage?: { readonly handle?: { close(): void } } | null };
  sender._pendingMessage?.handle?.close();
  sender._pendingMessage = null;
}
