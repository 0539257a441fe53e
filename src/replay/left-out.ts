import type { Unplayable } from '../trace/record/unplayable.ts';

/** Why a record is no part of the plan; each is a count in `fidelity.excluded` of the results. */
export type LeftOutReason = 'filtered_out' | Unplayable | 'dangerous' | 'incomplete' | 'no_target';

/** A kind of dangerous record: what it is called, and why it is dangerous, as people are told. */
export interface Danger {
  readonly pattern: string;
  readonly why: string;
}

/** How often each danger was left out. */
export type LeftOutDangers = ReadonlyMap<Danger, number>;

/** Records that are no part of the plan, by reason. */
export type LeftOutByReason = Record<LeftOutReason, number>;

/** Each reason in words, behind a count, in the order people are told. */
export const LEFT_OUT_WORDS: Readonly<Record<LeftOutReason, string>> = {
  filtered_out: 'by --only',
  tunnel: 'tunnels (CONNECT)',
  upgrade: 'upgrades to another protocol (WebSocket)',
  transfer_coding: 'with a transfer coding besides chunked',
  refused: 'refused unprocessed by the server (GOAWAY, REFUSED_STREAM)',
  dangerous: 'that would end or cripple the target',
  incomplete: 'incomplete',
  no_target: 'without a target',
};

/** Reasons for which nobody could play a record, and no other record stands for it. */
export const UNPLAYED: readonly LeftOutReason[] = ['tunnel', 'upgrade', 'transfer_coding'];

/** Reasons for which no replay plays a record, whatever it is told. */
export const UNPLAYABLE: readonly LeftOutReason[] = [...UNPLAYED, 'refused'];

const REASONS = Object.keys(LEFT_OUT_WORDS) as LeftOutReason[];

/** No record left out. */
export function emptyLeftOut(): LeftOutByReason {
  return Object.fromEntries(REASONS.map((reason) => [reason, 0])) as LeftOutByReason;
}

/** `2 incomplete, 1 without a target`; '' where none was left out. */
export function leftOutText(excluded: LeftOutByReason, reasons: readonly LeftOutReason[] = REASONS): string {
  const told = reasons.filter((reason) => excluded[reason] > 0);
  return told.map((reason) => `${excluded[reason]} ${LEFT_OUT_WORDS[reason]}`).join(', ');
}

/** `2 POST /shutdown (it ends the server), 1 …`; '' where nothing dangerous was left out. */
export function dangersText(dangers: LeftOutDangers): string {
  return [...dangers].map(([{ pattern, why }, count]) => `${count} ${pattern} (${why})`).join(', ');
}
