import type { Socket } from 'node:net';
import { findDialect } from '../../dialects/find-dialect.ts';
import { EngramTraceError } from '../../error.ts';
import { type ListenerKind, type RelayCapture, startRelayCapture } from '../capture.ts';
import { createSameClock } from '../capture-clock.ts';
import { LEFT_TO_THE_PARENT } from '../disk/left-to-the-parent.ts';
import { keepHeapSmall } from '../keep-heap-small.ts';
import type { FromRelay, RelayLoad, RelayStart, ToRelay } from './relay-messages.ts';
import { TroubleCount } from './trouble-count.ts';

// Entry point of a relay: a capture that takes over the connections which its parent has accepted.

/** People look at a status of all relays once a second. */
const STATUS_MS = 250;
/** The next connections go where few are open: this often that is told, while it changes. */
const LOAD_MS = 10;

for (const signal of LEFT_TO_THE_PARENT) process.on(signal, () => {});

let capture: Promise<RelayCapture | undefined> | undefined;
let isClosing = false;
let taken = 0;
let isLoadDue = false;
const troubles = new TroubleCount();
let ready: RelayCapture | undefined;

process.on('message', (message: ToRelay, socket: Socket | undefined) => {
  if (message.kind === 'start') capture = start(message.start);
  else if (message.kind === 'connection') take(message.listener, socket);
  else void close().then(end);
});
// The parent is gone: what is in flight is brought to its end in order. Where that was under way, nobody waits for it now.
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
      { ended, onTrouble: (text) => troubles.note(text), onClosed: tellLoadSoon },
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
  const relay = await capture;
  if (relay === undefined) return;
  const summary = await relay.close();
  tellStatus(relay, () => {}); // with the troubles since the last one
  await new Promise<void>((resolve) => tell({ kind: 'closed', summary }, () => resolve()));
}

/** Nothing is left to do, and what still hangs is waited for by nobody. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

function warn(text: string): void {
  tell({ kind: 'warning', text });
}

function loadOf(relay: RelayCapture): RelayLoad {
  return { taken, open: relay.openConnections() };
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
    tellStatus(relay, () => {
      isSending = false;
    });
  }, STATUS_MS);
  timer.unref();
}

function tellStatus(relay: RelayCapture, then: () => void): void {
  const untoldLoss = relay.untoldLoss();
  const status = { stats: relay.stats(), load: loadOf(relay), untoldLoss, troubles: troubles.take() };
  tell({ kind: 'status', status }, then);
}

function tell(message: FromRelay, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
