import type { WindowRequest } from '../../sources/export/export-window.ts';
import { wallClockUnixNs } from '../../wall-clock.ts';
import { naming, tellReading } from './time-range-flags.ts';

/** What `engram-trace export` may be told. */
export interface ExportFlags {
  source: readonly [string, ...string[]];
  output?: string;
  start?: string;
  end?: string;
  duration?: number;
  skipDamaged?: boolean;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** The window that the flags ask for; a time that could mean something else is told as it was read. */
export async function windowRequest({
  start,
  end,
  duration: durationNs,
  quiet,
}: ExportFlags): Promise<WindowRequest> {
  if (start === undefined && end === undefined) return { durationNs };
  const { parseTime } = await import('./parse-time.ts');
  const nowUnixNs = wallClockUnixNs();
  const timeOf = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : naming(flag, () => parseTime(text, nowUnixNs));
  const request = { startUnixNs: timeOf('--start', start), endUnixNs: timeOf('--end', end), durationNs };
  if (!quiet && start !== undefined) await tellReading('--start', start);
  if (!quiet && end !== undefined) await tellReading('--end', end);
  return request;
}
