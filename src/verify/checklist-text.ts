import { linesText } from '../visible-text.ts';
import type { Check } from './compare.ts';
import type { Verification } from './verify-replay.ts';

/**
 * A checklist for people: one line for each section that agrees, one for each number that does not. Of files that are
 * not of one replay it says that first, and their numbers only where all are asked for.
 */
export function checklistText(result: Verification, isLong = false): string {
  const lines: string[] = [];
  for (const sentence of result.logDamage) lines.push(`FAIL  replay log: ${sentence}`);
  for (const sentence of result.strangers) lines.push(`FAIL  ${sentence}`);
  if (result.strangers.length > 0 && !isLong) return linesText([...lines, conclusion(result, isLong)]);
  for (const [section, checks] of sectionsOf(result.checks))
    lines.push(...sectionLines(section, checks, isLong));
  return linesText([...lines, conclusion(result, isLong)]);
}

function sectionLines(section: string, checks: readonly Check[], isLong: boolean): string[] {
  const wrong = checks.filter((check) => !check.agrees);
  const lines = (isLong ? checks : wrong).map(checkLine);
  if (wrong.length > 0) return lines;
  return [`PASS  ${section}: ${checks.length} ${checks.length === 1 ? 'value' : 'values'}`, ...lines];
}

function checkLine({ name, inDocument, recomputed, agrees }: Check): string {
  const found = recomputed === undefined ? 'nothing in the log says so' : `recomputed ${shown(recomputed)}`;
  return `${agrees ? '  ok  ' : 'FAIL  '}${name}: in the document ${shown(inDocument)}, ${found}`;
}

function conclusion(
  { checks, entries, agrees, logDamage, strangers }: Verification,
  isLong: boolean,
): string {
  const operations = `${entries} operations`;
  if (logDamage.length > 0)
    return `The replay log is not as it was written: it proves nothing (${operations}).`;
  if (agrees) return `All ${checks.length} values agree with the log's ${operations}.`;
  const wrong = checks.filter((check) => !check.agrees).length;
  const more = strangers.length > 0 && !isLong ? ' --all prints them.' : '';
  return `${wrong} of ${checks.length} values do not agree with the log's ${operations}.${more}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(Number(value.toPrecision(9)));
  return JSON.stringify(value);
}

/** The checks by the section of the document that they are about, in the order of first appearance. */
function sectionsOf(checks: readonly Check[]): Map<string, Check[]> {
  const sections = new Map<string, Check[]>();
  for (const check of checks) {
    const section = sectionOf(check.name);
    const list = sections.get(section);
    if (list === undefined) sections.set(section, [check]);
    else list.push(check);
  }
  return sections;
}

function sectionOf(name: string): string {
  if (name.startsWith('trace: ')) return 'trace';
  const [first = '', second] = name.split(/[.[]/);
  return first === 'fidelity' && second !== undefined ? `fidelity.${second}` : first;
}
