import { EngramTraceError } from '../../error.ts';
import type { ResultsDocument } from './results-document.ts';

const TABLES = [
  'plan',
  'summary',
  'operations',
  'latency',
  'service_latency',
  'cache',
  'fidelity',
  'histograms',
  'host',
];
const VERDICTS = ['valid', 'degraded', 'invalid'];
const HINT = 'A results document is what `engram-trace replay --output FILE` or `run` writes.';

/**
 * What JSON.parse gave as a results document; `what` names it. Looks at the form as far as readers depend on it. Throws
 * `bad_record` for what is none or has lost a part, `unsupported_version` for one of another version.
 */
export function asResults(document: unknown, what?: string): ResultsDocument {
  const sections = isTable(document) ? document : {};
  const version = sections['schema_version'];
  if (typeof version !== 'number') throw bad(what, 'it is no results document');
  if (version !== 1) {
    const message = `a results document of version ${version}; this program knows 1`;
    throw new EngramTraceError('unsupported_version', message, { where: what });
  }
  const missing =
    TABLES.find((name) => !isTable(sections[name])) ??
    (areWindows(sections['windows']) ? undefined : 'windows');
  if (missing !== undefined) throw bad(what, `a results document without a proper \`${missing}\``);
  const { verdict } = sections['fidelity'] as { verdict?: unknown };
  if (!VERDICTS.includes(String(verdict))) throw bad(what, 'a results document without a verdict');
  return document as ResultsDocument;
}

/** Reads the inside of a document: what its form did not show to be wrong is `bad_record` too, and no defect of ours. */
export function readingResults<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof EngramTraceError) throw thrown;
    const { message } = thrown as Error;
    throw new EngramTraceError(
      'bad_record',
      `a number or histogram in the results can't be read: ${message}`,
      {
        hint: HINT,
        cause: thrown,
      },
    );
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function areWindows(value: unknown): boolean {
  const isWindow = (each: unknown): boolean =>
    isTable(each) && Number.isFinite(each['start_s']) && (each['width_s'] as number) > 0;
  return Array.isArray(value) && value.every(isWindow);
}

function bad(what: string | undefined, message: string): EngramTraceError {
  return new EngramTraceError('bad_record', message, { where: what, hint: HINT });
}
