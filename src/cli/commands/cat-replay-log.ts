import { EngramTraceError } from '../../error.ts';
import { entriesJson } from '../../replay-log/entry-json.ts';
import { type LogReading, logBlocks } from '../../replay-log/read-replay-log.ts';
import type { LogHeader } from '../../replay-log/replay-log.ts';
import type { CatFlags } from '../flags/cat-flags.ts';
import { openRecordStdout } from '../output/stdout.ts';
import { reportWarnings } from '../output/warnings.ts';

/** Prints a replay log as NDJSON: its header, a line for each operation as they ended, and its end. */
export async function catReplayLog(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  flags: CatFlags,
): Promise<void> {
  if (flags.from !== undefined || flags.to !== undefined) {
    throw new EngramTraceError('usage', '--from and --to are for traces, and this is a replay log', {
      where: name,
      hint: 'jq can choose by due_ns, or by recorded.start_ns',
    });
  }
  const sink = openRecordStdout(true);
  const say = (lines: readonly object[]): Promise<void> =>
    sink.write(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  let head: object[] = [];
  const blocks = logBlocks(chunks, name, (header) => {
    if (flags.header) head = [{ header: headerJson(header) }];
  });
  let left = flags.limit ?? Infinity;
  for (let next = await blocks.next(); ; next = await blocks.next()) {
    await say(head.splice(0));
    if (next.done) {
      if (flags.header && next.value.end !== undefined) await say([{ end: endJson(next.value.end) }]);
      reportWarnings({ warnings: next.value.damage }, flags);
      break;
    }
    const entries = [...entriesJson(next.value)].slice(0, left);
    left -= entries.length;
    await say(entries);
    if (left === 0) break;
  }
  await blocks.return(undefined as never);
  await sink.close();
}

function headerJson({ formatVersion, tool, started, traceName, optionsJson }: LogHeader): object {
  return {
    replay_log: formatVersion,
    tool,
    started,
    trace: traceName,
    options: parsed(optionsJson),
  };
}

function endJson({ anchorNs, blocks, entries, entriesLost }: NonNullable<LogReading['end']>): object {
  return { anchor_ns: anchorNs ?? null, blocks, entries, entries_lost: entriesLost };
}

/** A file from elsewhere may hold anything. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
