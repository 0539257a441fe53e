import type { Socket } from 'node:net';
import { findDialect } from '../../dialects/find-dialect.ts';
import { EngramTraceError } from '../../error.ts';
import { type ListenerKind, type RelayCapture, startRelayCapture } from '../capture.ts';
import { createSameClock } from '../capture-clock.ts';
import { LEFT_TO_THE_PARENT } from '../disk/left-to-the-parent.ts';
import { keepHeapSmall } from '../keep-heap-small.ts';
import type { FromRelay, RelayLoad, RelayStart, ToRelay } from './relay-messages.ts';

// Entry point of a relay: a capture that takes over the connections which its parent has accepted.

/** People look at a status of all relays once a second. */
const STATUS_MS = 250;
/** The next connections go where few are open: this often that is told, while it changes. */
const LOAD_MS = 10;
/** So many texts of troubles are told apart in one status. */
const MAX_TROUBLES = 20;

for (const signal of LEFT_TO_THE_PARENT) process.on(signal, () => {});

let capture: Promise<RelayCapture | undefined> | undefined;
let isClosing = false;
let taken = 0;
let isLoadDue = false;
const troubles = new Map<string, number>();
let ready: RelayCapture | undefined;

process.on('message', (message: ToRelay, socket: Socket | undefined) => {
  if (message.kind === 'start') capture = start(message.start);
  else if (message.kind === 'connection') take(message.listener, socket);
  else void close().then(end);
});
// Whoever leads is gone. In flight is what it was: it ends in order, unless that was asked for and came to nothing.
process.on('disconnect', () => {
  if (isClosing) end();
  else void close().then(end);
});

async function start({ settings, runId, clock, ended }: RelayStart): Promise<RelayCapture | undefined> {
  try {
    const dialect = findDialect(settings.dialect);
    const own = { clock: createSameClock(clock), runId, sessionPrefix: runId, dialect, onWarning: warn };
    const started = await startRelayCapture(
      { ...settings, ...own },
      { ended, onTrouble: noteTrouble, onClosed: tellLoadSoon },
    );
    keepHeapSmall();
    ready = started;
    tell({ kind: 'ready' });
    tellStatusNowAndThen(started);
    return started;
  } catch (thrown) {
    const { code, message, where, hint } = EngramTraceError.from(thrown);
    tell({ kind: 'failed', error: { code, message, where, hint } });
    return undefined;
  }
}

/** They come once this relay is ready; one that was gone before it could be handed over comes as a message alone. */
function take(kind: ListenerKind, client: Socket | undefined): void {
  taken++;
  if (client !== undefined) ready?.accept(kind, client);
}

async function close(): Promise<void> {
  isClosing = true;
  const summary = await (await capture)?.close();
  if (summary === undefined) return;
  await new Promise<void>((resolve) => tell({ kind: 'closed', summary }, () => resolve()));
}

/** Nothing is left to do, and what still hangs is waited for by nobody. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

function warn(text: string): void {
  tell({ kind: 'warning', text });
}

function noteTrouble(text: string): void {
  if (troubles.has(text) || troubles.size < MAX_TROUBLES) troubles.set(text, (troubles.get(text) ?? 0) + 1);
}

function loadOf(relay: RelayCapture): RelayLoad {
  return { taken, open: relay.stats().openConnections };
}

function tellLoadSoon(): void {
  if (isLoadDue) return;
  isLoadDue = true;
  setTimeout(() => {
    isLoadDue = false;
    if (ready !== undefined) tell({ kind: 'load', load: loadOf(ready) });
  }, LOAD_MS);
}

/** One at a time: they must not pile up before a parent that stands still. */
function tellStatusNowAndThen(relay: RelayCapture): void {
  let isSending = false;
  const timer = setInterval(() => {
    if (isSending) return;
    isSending = true;
    const told = [...troubles];
    troubles.clear();
    const status = {
      stats: relay.stats(),
      load: loadOf(relay),
      untoldLoss: relay.untoldLoss(),
      troubles: told,
    };
    tell({ kind: 'status', status }, () => {
      isSending = false;
    });
  }, STATUS_MS);
  timer.unref();
}

function tell(message: FromRelay, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
