import type { Reading } from '../tool.ts';

/** What oha drops because its time is over is no failure. */
const AT_THE_END = 'aborted due to deadline';
const SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, ms: 0.001, min: 60 };

/** Reads the summary that hey made up and oha took over; oha counts in units of its own choice, such as `10 sec`. */
export function readSummary(output: string): Reading | undefined {
  const [, total, tens = '1', unit = ''] =
    /Total:\s+([\d.]+) (?:(10) )?(ns|us|ms|min|sec)/.exec(output) ?? [];
  if (total === undefined) return undefined;
  let answered = 0;
  let failed = 0;
  for (const [, status = '', count] of output.matchAll(/\[(\d{3})\]\s+(\d+) responses/g)) {
    if (status.startsWith('2')) answered += Number(count);
    else failed += Number(count);
  }
  const [, errors = ''] = /Error distribution:\n(.*)$/s.exec(output) ?? [];
  for (const [, count, error] of errors.matchAll(/^\s*\[(\d+)\]\s+(.*)$/gm)) {
    if (error !== AT_THE_END) failed += Number(count);
  }
  return { answered, failed, seconds: Number(total) * Number(tens) * (SECONDS[unit] ?? 1) };
}
