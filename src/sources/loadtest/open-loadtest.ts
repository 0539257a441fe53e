import { EngramTraceError } from '../../error.ts';
import { lossFromJson } from '../../trace/ndjson/header-json.ts';
import {
  addLoss,
  emptyHeader,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import type { ReorderLimits } from '../reorder-window.ts';
import type { SourceInput } from '../source.ts';
import { createTextTrace, type Reading } from '../text-trace.ts';
import { operationToRecord, RESOLUTION_NS } from './operation-to-record.ts';
import { type DocumentPart, readDocument } from './read-document.ts';

const NOTE =
  'Read from a trace of the Engram loadtest tool: times are whole milliseconds from its start, and each operation is a session of its own.';

/**
 * Opens the JSON trace of the Engram loadtest tool as HTTP records. Times count from the start of the replay, since
 * there is no wall clock in it. A little disorder is put right, within `limits`.
 */
export function openLoadtest(input: SourceInput, limits?: ReorderLimits): Trace {
  const header: TraceHeader = {
    ...emptyHeader(),
    sorted: false,
    source: 'loadtest',
    dialect: 'engram',
    resolutionNs: RESOLUTION_NS,
    notes: [NOTE],
  };
  return createTextTrace<DocumentPart>(input, {
    format: 'loadtest',
    header,
    parts: (reading) => readParts(input, reading),
    recordOf: (part, { loss }) => recordOf(part, input.name, loss),
    sizeOf: (_, record) => record.body.length + record.path.length,
    late: { what: 'operations', hint: 'sort them by timestamp_ms first' },
    limits,
  });
}

async function* readParts({ name, open }: SourceInput, reading: Reading): AsyncGenerator<DocumentPart> {
  try {
    yield* readDocument(open(), name);
  } catch (error) {
    if (!reading.skip || !(error instanceof EngramTraceError) || error.code !== 'corrupt') throw error;
    reading.warnings.push(`${error.where ?? name}: ${error.message}; nothing behind that place was read.`);
  }
}

function recordOf(part: DocumentPart, name: string, loss: Loss): TraceRecord | undefined {
  if (part.kind === 'operation') {
    return operationToRecord(part.value, part.index, `${name}, operations[${part.index}]`);
  }
  // The loadtest tool has no losses; our own writer adds them.
  const told = (part.value as { loss?: unknown } | null)?.loss;
  if (told !== undefined) addLoss(loss, lossFromJson(told, `${name}, metadata.loss`));
  return undefined;
}
