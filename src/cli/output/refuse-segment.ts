import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { followLinks } from '../../trace/file/output-place.ts';

const SEGMENT = /^oplog-.*\.trace\.zst$/;

/**
 * Throws `usage` for an output that would lie in the op log `folder` under the name of a segment: it would replace what
 * was recorded, or the next export would take it for records of that op log.
 */
export function refuseSegment(folder: string, output: string): void {
  const path = placeOf(output);
  if (!SEGMENT.test(basename(path)) || realOf(dirname(path)) !== realOf(folder)) return;
  throw new EngramTraceError('usage', 'the output would be one of the segments of the op log', {
    where: output,
    hint: 'Name a file in another folder, or one that does not begin with oplog-.',
  });
}

/** The file that a name leads to: a link is followed. */
function placeOf(output: string): string {
  try {
    return resolve(String(followLinks(output)));
  } catch {
    return resolve(output);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not there yet
  }
}
