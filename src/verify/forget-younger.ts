import { ENDLESS_VERSION } from '../replay-log/replay-log.ts';
import type { Leaves } from './expect/document-leaves.ts';
import type { Expectations } from './measure/expectations.ts';

/** Parts of a document that came while logs were of version 2: documents of that time are with them or without. */
const CAME_LATER: readonly RegExp[] = [
  /^(status_classes\b|summary\.status_class_mismatch_rate$)/,
  /^operations\.cancelled$/,
  /^operations\.ops\b/,
  /^fidelity\.keepalive_closed\b/,
];

/**
 * Expects nothing of a part that a document of before does not have, so that no reason of its verdict is made from it
 * either. A document that goes with a newer log has to have them all.
 */
export function forgetYounger(formatVersion: number, leaves: Leaves, into: Expectations): void {
  if (formatVersion >= ENDLESS_VERSION) return;
  const paths = [...leaves.keys()];
  for (const part of CAME_LATER) {
    if (paths.some((path) => part.test(path))) continue;
    for (const path of into.keys()) {
      if (part.test(path)) into.delete(path);
    }
  }
}
