import { editDistance } from '../nearest.ts';
import { resourceUnitOf } from '../results/document/resource-metrics.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Wanted } from './check-results.ts';
import { type DocumentOutline, documentOutline } from './document-outline.ts';
import { parseFailIf, parseLimit } from './parse-limit.ts';

/** The limits of a run, and what is known of it before. */
export interface WantedAhead extends Pick<Wanted, 'limits' | 'failIf'> {
  /** Something is watched, whose metrics have names of their own. */
  readonly isWatched?: boolean | undefined;
}

/**
 * Throws `usage` for limits that no results could be held against. Which ops a run will have, and which metrics a page, is
 * not known before it: such names are taken as they are.
 */
export function refuseUnreadable({ limits, failIf = [], isWatched = false }: WantedAhead): void {
  const outline = documentOutline();
  for (const words of limits) parseLimit(words, withNamesOf(words.holds, outline, isWatched));
  for (const text of failIf) parseFailIf(text, withNamesOf(text, outline, isWatched));
}

function isLatency(path: string): boolean {
  return path === 'latency' || path === 'service_latency';
}

/** The number that a limit names, and the one of its condition. */
function namesIn(text: string): string[] {
  const [metric = '', condition] = text.split(/<=|>=|<|>/);
  const during = / during\s+(.+)$/s.exec(condition ?? '')?.[1];
  return [metric, ...(during === undefined ? [] : [during])].map((name) => name.trim());
}

/** A document that has what a limit names, as far as one may. */
function withNamesOf(
  text: string,
  { sections, openPaths }: DocumentOutline,
  isWatched: boolean,
): ResultsDocument {
  const document = structuredClone(sections) as unknown as ResultsDocument;
  for (const name of namesIn(text)) {
    for (const path of openPaths) if (!isLatency(path)) addName(document, path, name);
    const op = /^(?:latency|response|service_latency|service)\.(.+?)\.(?:p[\d.]+|mean|min|max)$/s.exec(
      name,
    )?.[1];
    if (op !== undefined && !isSlip(op)) {
      Object.assign(document.latency, { [op]: {} });
      Object.assign(document.service_latency, { [op]: {} });
    } else if (isWatched && !Object.hasOwn(sections, name.split('.')[0] ?? '')) {
      const series = name.replace(/\.(min|mean|max|last|slope_per_hour|growth_percent_per_hour)$/, '');
      Object.assign(document.resources?.series ?? {}, { [series]: { unit: resourceUnitOf(series) } });
    }
  }
  return document;
}

/** Takes what a limit names in a table of names for a number of it: its unit is still to be one of that. */
function addName(document: object, path: string, name: string): void {
  if (!name.startsWith(`${path}.`)) return;
  const [, entry, number] = /^(?:(.+)\.)?([^.]+)$/s.exec(name.slice(path.length + 1)) ?? [];
  if (number === undefined) return;
  let table: object | undefined = document;
  for (const key of path.split('.')) table = (table as Record<string, object | undefined> | undefined)?.[key];
  Object.assign(table ?? {}, entry === undefined ? { [number]: null } : { [entry]: { [number]: null } });
}

/** An op has any name, but one so near to that of all operations was hardly meant. */
function isSlip(op: string): boolean {
  return editDistance(op, 'overall') === 1;
}
