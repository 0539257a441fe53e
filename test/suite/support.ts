import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { readSuite } from '../../src/suite/read-suite.ts';
import type { SuiteOverrides } from '../../src/suite/read-suite-run.ts';
import { newSuiteDocument, type SuiteDocument } from '../../src/suite/suite-document.ts';
import { documentOf, MS } from '../results/support.ts';
import { compiledSchema } from '../support/compiled-schema.ts';

/** Two runs by clients, one at a rate, a pause of 5 s. */
export const SUITE = `
name = "Three"
cool_down = 5

[[runs]]
name = "first"
clients = 3
requests = 2

[[runs]]
name = "second"
clients = 4

[[runs]]
name = "third"
clients = 5
target_rate = 20
`;

export const suiteOf = (text: string, overrides?: SuiteOverrides) => readSuite(text, 'mine.toml', overrides);

export const freshDocument = (text = SUITE, http: string | null = 'http://cache:7432') =>
  newSuiteDocument(suiteOf(text), {
    tool: { name: 'engram-trace', version: '0.0.0' },
    targets: [{ http, grpc: null }],
    timestamp: '2026-01-01T00:00:00.000Z',
  });

/** Ten operations of 5 ms each, of which the last so many fail. */
export function measured(failed = 0, more: Parameters<typeof documentOf>[1] = {}): ResultsDocument {
  const told = Array.from({ length: 10 }, (_, i) => {
    const times = { dueNs: i * 10 * MS, sentNs: i * 10 * MS, doneNs: (i * 10 + 5) * MS };
    const isOk = i < 10 - failed;
    return isOk
      ? { ...times, disposition: 'ok' as const }
      : { ...times, disposition: 'error' as const, outcome: { status: 503, ok: false } };
  });
  return documentOf(told, more);
}

const check = compiledSchema('suite-v1.schema.json', ['results-v1.schema.json']);

/** The document after a trip through JSON; throws when the schema refuses it. */
export function validatedSuite(document: unknown): SuiteDocument {
  const read: unknown = JSON.parse(JSON.stringify(document));
  check(read);
  return read as SuiteDocument;
}
