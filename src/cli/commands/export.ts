import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { DEFAULT_OPLOG } from '../../op-log-folder.ts';
import { DEFAULT_TRACES } from '../flags/default-trace.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { parseDuration } from '../flags/parse-duration.ts';

const DEFAULT_SOURCE: ExportFlags['source'] = [DEFAULT_OPLOG];

/** `engram-trace export`: a window of an op log, or of any other source, as one sorted trace. */
export function makeExportCommand(): Command {
  return new Command('export')
    .addOption(
      new Option(
        '--source <place>',
        'op log folder of capture, trace file, NDJSON, loadtest JSON, or - for stdin; several files become one trace',
      )
        .argParser(collectSource)
        .default(DEFAULT_SOURCE, `"${DEFAULT_OPLOG}"`),
    )
    .option(
      '-o, --output <file>',
      `where the trace goes: FILE.trace.zst, .ndjson or .json (both NDJSON), .ndjson.zst; - is stdout; folders are made (default: ${DEFAULT_TRACES}/START.trace.zst)`,
    )
    .option(
      '--start <time>',
      'start of the window: ISO 8601 (UTC without a zone), Unix time (s or ms), or relative such as -2h (default: the first record)',
    )
    .addOption(
      new Option(
        '--end <time>',
        'end of the window, excluded: as --start (default: the last record)',
      ).conflicts('duration'),
    )
    .option('--duration <time>', 'length of the window instead of its end: 3600 (s), 1h30m', parseDuration)
    .option('--skip-damaged', 'go on without segments and blocks that cannot be read, and count them')
    .option('--force', 'replace an output that exists')
    .option('--json', 'the report as JSON on stdout')
    .action(runExport);
}

/** Naming one takes the place of the default. */
function collectSource(text: string, previous: ExportFlags['source']): ExportFlags['source'] {
  return previous === DEFAULT_SOURCE ? [text] : [...previous, text];
}

async function runExport(flags: ExportFlags): Promise<void> {
  if (flags.output === '-' && flags.json) {
    throw new EngramTraceError('usage', 'stdout cannot take both the trace and --json');
  }
  const [source, ...others] = flags.source;
  if (others.length === 0 && (await hasBlocks(source))) {
    await (await import('./export-op-log.ts')).exportOpLog(source, flags);
  } else await (await import('./export-records.ts')).exportRecords(flags);
}

/** Of an op log or a trace file whole blocks are copied. What can't be read at all is refused there too. */
async function hasBlocks(source: string): Promise<boolean> {
  if (source === '-') return false;
  const found = await stat(source).catch(() => undefined);
  if (!found?.isFile()) return found === undefined || found.isDirectory();
  const { findSource } = await import('../../sources/open/find-source.ts');
  const { chunksOfFile } = await import('../../trace/sniff/unpack-chunks.ts');
  return findSource(chunksOfFile(source), source).then(
    (form) => form === 'trace file',
    () => true,
  );
}
