import type { Socket } from 'node:net';
import { EngramTraceError } from '../../error.ts';
import { addLoss, emptyLoss } from '../../trace/record/record.ts';
import type { CaptureStats, CaptureSummary, ListenerKind } from '../capture.ts';
import type { EndedRun } from '../op-log/loss-file.ts';
import { addStats, addSummaries, withoutPresent } from './add-stats.ts';
import { RelayChild } from './relay-child.ts';
import type { RelayStart, RelayStatus } from './relay-messages.ts';

export interface RelayPoolOptions {
  readonly relays: number;
  readonly nowNs: () => number;
  /** What the relay with this number (of all that were started, from 1) is started with. */
  readonly startOf: (number: number, ended: readonly EndedRun[]) => RelayStart;
  /** What a relay tells people. */
  readonly onRelayWarning: (runId: string, text: string) => void;
  /** What became of a relay. */
  readonly onWarning: (text: string) => void;
  readonly onTrouble: (text: string, count: number) => void;
  /** The relays need so long at most to close. */
  readonly closeMs: number;
  /** Program of the relays; for tests. */
  readonly program?: URL | undefined;
}

/** A relay that dies so soon after its start counts as one that can't live. */
const YOUNG_NS = 10e9;
/** So many of those in the place of one relay, one after the other, and it is given up. */
const MAX_YOUNG_DEATHS = 5;
const FIRST_PAUSE_MS = 50;
/** Connections that wait for a relay while there is none. */
const MAX_WAITING = 4096;

interface Place {
  child: RelayChild;
  youngDeaths: number;
  /** Runs in this place whose end nobody has written down. */
  ended: EndedRun[];
  restart: NodeJS.Timeout | undefined;
}

/** Processes that relay. One that dies takes its own connections with it, and another one takes its place. */
export class RelayPool {
  readonly #options: RelayPoolOptions;
  readonly #places: Place[] = [];
  readonly #waiting: [Socket, ListenerKind][] = [];
  readonly #summaries: CaptureSummary[] = [];
  /** What those counted that died. */
  #past: CaptureStats = addStats([]);
  #forked = 0;
  #died = 0;
  #turn = 0;
  #isStarted = false;
  #isClosing = false;
  #onChange = (): void => {};
  #onFailed: (error: EngramTraceError) => void = () => {};
  /** Resolves when a relay can't be kept alive. */
  readonly failed = new Promise<EngramTraceError>((resolve) => {
    this.#onFailed = resolve;
  });

  constructor(options: RelayPoolOptions) {
    this.#options = options;
  }

  /** Starts the relays; rejects with what the first of them says that could not start. */
  async start(): Promise<void> {
    for (let i = 0; i < this.#options.relays; i++) {
      const place: Place = {
        child: this.#fork([], () => place),
        youngDeaths: 0,
        ended: [],
        restart: undefined,
      };
      this.#places.push(place);
    }
    await this.#until(({ child }) => child.isReady || child.isGone);
    const dead = this.#places.find(({ child }) => child.isGone)?.child;
    this.#isStarted = dead === undefined;
    if (dead === undefined) return;
    await this.close();
    throw dead.error ?? new EngramTraceError('io', `a relay could not start: ${dead.end}`);
  }

  get stats(): CaptureStats {
    const told = this.#places.flatMap(({ child: { status, isGone } }) =>
      isGone ? [] : (status?.stats ?? []),
    );
    const ended = this.#summaries.map(withoutPresent);
    return { ...addStats([this.#past, ...ended, ...told]), ...this.#relayCounts() };
  }

  /** Hands a connection to the relay that has fewest, and among those with as few by turns. */
  hand(kind: ListenerKind, client: Socket): void {
    const least = this.#leastBusy();
    if (this.#isClosing) client.resetAndDestroy();
    else if (least !== undefined) least.hand(kind, client);
    else if (this.#waiting.length >= MAX_WAITING) client.resetAndDestroy();
    else this.#waiting.push([client, kind]);
  }

  /** Lets the relays end what is in flight and close their files. Those that can't are killed. */
  async close(): Promise<CaptureSummary> {
    this.#isClosing = true;
    for (const [client] of this.#waiting.splice(0)) client.resetAndDestroy();
    for (const { child, restart } of this.#places) {
      clearTimeout(restart);
      child.close();
    }
    const deadline = setTimeout(() => {
      for (const { child } of this.#places) child.kill();
    }, this.#options.closeMs);
    await this.#until(({ child }) => child.isGone);
    clearTimeout(deadline);
    return { ...addSummaries(this.#summaries, this.#past, this.#died === 0), ...this.#relayCounts() };
  }

  #leastBusy(): RelayChild | undefined {
    const count = this.#places.length;
    let least: RelayChild | undefined;
    this.#turn++;
    for (let i = 0; i < count; i++) {
      const child = this.#places[(i + this.#turn) % count]?.child;
      if (child?.isReady && (least === undefined || child.openConnections < least.openConnections))
        least = child;
    }
    return least;
  }

  #relayCounts(): Pick<CaptureStats, 'relays' | 'relaysDied'> {
    return { relays: this.#options.relays, relaysDied: this.#died };
  }

  #fork(ended: readonly EndedRun[], placeOf: () => Place): RelayChild {
    const { startOf, onRelayWarning, onTrouble, program } = this.#options;
    const start = startOf(++this.#forked, ended);
    const events = {
      onReady: () => this.#onReady(placeOf()),
      onWarning: (text: string) => onRelayWarning(start.runId, text),
      onStatus: ({ troubles }: RelayStatus) => {
        for (const [text, count] of troubles) onTrouble(text, count);
      },
      onGone: () => this.#onGone(placeOf()),
    };
    return new RelayChild(start, events, program ?? new URL('./relay-process.js', import.meta.url));
  }

  #onReady(place: Place): void {
    const { runId } = place.child;
    if (place.ended.length > 0)
      this.#options.onWarning(`another relay (run ${runId}) took the place of the one that died`);
    place.ended = []; // this one writes them down, as soon as its disk takes them
    for (const [client, kind] of this.#waiting.splice(0)) this.hand(kind, client);
    this.#onChange();
  }

  #onGone(place: Place): void {
    const { child } = place;
    const left = child.takeBack();
    if (child.summary !== undefined) this.#summaries.push(child.summary);
    else if (this.#isStarted) this.#onDied(place);
    for (const [client, kind] of left) this.hand(kind, client);
    this.#onChange();
  }

  #onDied(place: Place): void {
    const { runId, status, startedNs, end, openConnections } = place.child;
    const { nowNs, onWarning } = this.#options;
    const endNs = nowNs();
    this.#died++;
    if (status !== undefined) this.#past = addStats([this.#past, withoutPresent(status.stats)]);
    place.ended.push(endedRun(runId, status, endNs));
    onWarning(`a relay died with ${openConnections} open connections (run ${runId}, ${end})`);
    if (this.#isClosing) return;
    place.youngDeaths = endNs - startedNs < YOUNG_NS ? place.youngDeaths + 1 : 0;
    if (place.youngDeaths === MAX_YOUNG_DEATHS) {
      this.#giveUp(place.child);
      return;
    }
    place.restart = setTimeout(
      () => {
        place.child = this.#fork(place.ended, () => place);
      },
      FIRST_PAUSE_MS * 2 ** place.youngDeaths,
    );
  }

  #giveUp({ error, end }: RelayChild): void {
    const how = `${MAX_YOUNG_DEATHS} times in a row within ${YOUNG_NS / 1e9} s of its start`;
    const text = `a relay died ${how}: ${end}`;
    this.#onFailed(new EngramTraceError('internal', text, { where: error?.where }));
  }

  /** Resolves when this is so of all relays. */
  async #until(isSo: (place: Place) => boolean): Promise<void> {
    while (!this.#places.every(isSo)) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

/** What is known of a run whose relay died. Where its disk was silent before, it lacks what came since. */
function endedRun(runId: string, status: RelayStatus | undefined, endNs: number): EndedRun {
  if (status === undefined) return { runId, sinceNs: endNs, endNs, loss: emptyLoss() };
  const { stats, untoldLoss } = status;
  const sinceNs = Math.max(0, endNs - stats.diskSilentMs * 1e6);
  // Of a run without a segment nothing else says that it lacks something.
  const unknown = { ...emptyLoss(), segmentsIncomplete: stats.segments === 0 ? 1 : 0 };
  return { runId, sinceNs, endNs, loss: addLoss(unknown, untoldLoss) };
}
