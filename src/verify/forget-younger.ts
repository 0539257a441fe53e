import { ANSWERS_VERSION, ENDLESS_VERSION, WINDOW_HISTOGRAMS_VERSION } from '../replay-log/log-columns.ts';
import type { Leaves } from './expect/document-leaves.ts';
import type { Expectations } from './measure/expectations.ts';

/** Parts of a document that came later: with logs before the version in `since` a document may have them or not. */
const CAME_LATER: readonly { part: RegExp; since: number }[] = [
  { part: /^(status_classes\b|summary\.status_class_mismatch_rate$)/, since: ENDLESS_VERSION },
  { part: /^operations\.cancelled$/, since: ENDLESS_VERSION },
  { part: /^operations\.ops\b/, since: ENDLESS_VERSION },
  { part: /^answers\b/, since: ANSWERS_VERSION },
  { part: /^windows\[.*\]\.histogram\b/s, since: WINDOW_HISTOGRAMS_VERSION },
  { part: /^op_windows\b/, since: WINDOW_HISTOGRAMS_VERSION },
  { part: /^fidelity\.keepalive_closed\b/, since: ENDLESS_VERSION },
];

/**
 * Expects nothing of a part that a document of before does not have, so that no reason of its verdict is made from it
 * either. A document that goes with a newer log has to have them all.
 */
export function forgetYounger(formatVersion: number, leaves: Leaves, into: Expectations): void {
  const paths = [...leaves.keys()];
  for (const { part, since } of CAME_LATER) {
    if (formatVersion >= since || paths.some((path) => part.test(path))) continue;
    for (const path of into.keys()) {
      if (part.test(path)) into.delete(path);
    }
  }
}
