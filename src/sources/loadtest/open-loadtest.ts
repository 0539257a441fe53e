import { EngramTraceError } from '../../error.ts';
import { BATCH_RECORDS } from '../../trace/block/merge-blocks.ts';
import { lossFromJson } from '../../trace/ndjson/header-json.ts';
import {
  createReorderWindow,
  REORDER_LIMITS,
  type ReorderLimits,
} from '../../trace/ndjson/reorder-window.ts';
import type { ForeignSource } from '../../trace/open/open-options.ts';
import {
  addLoss,
  emptyHeader,
  emptyLoss,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../../trace/record/record.ts';
import type { ReadOptions, Trace } from '../../trace/trace.ts';
import { NS_PER_MS, operationToRecord } from './operation-to-record.ts';
import { type DocumentPart, readDocument } from './read-document.ts';

const NOTE =
  'Read from a trace of the Engram loadtest tool: times are whole milliseconds from its start, and each operation is a session of its own.';

/**
 * Opens the JSON trace of the Engram loadtest tool as HTTP records. Times count from the start of the replay, since
 * there is no wall clock in it. A little disorder is put right, within `limits`.
 */
export function openLoadtest(source: ForeignSource, limits: ReorderLimits = REORDER_LIMITS): Trace {
  const header: TraceHeader = {
    ...emptyHeader(),
    sorted: false,
    source: 'loadtest',
    dialect: 'engram',
    resolutionNs: NS_PER_MS,
    notes: [NOTE],
  };
  const state: State = { name: source.name, loss: emptyLoss(), warnings: [] };
  let used = false;
  return {
    name: source.name,
    format: 'loadtest',
    header,
    index: undefined,
    seekable: source.seekable,
    warnings: state.warnings,
    records(options = {}) {
      if (used && !source.seekable) {
        throw new EngramTraceError('usage', 'a pipe can be read only once', { where: source.name });
      }
      used = true;
      state.loss = emptyLoss();
      state.warnings.length = 0;
      return readRecords(readDocument(source.open(), source.name), state, options, limits);
    },
    get loss() {
      return { ...state.loss };
    },
    close: () => source.close(),
  };
}

interface State {
  name: string;
  loss: Loss;
  warnings: string[];
}

async function* readRecords(
  parts: AsyncGenerator<DocumentPart>,
  state: State,
  { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY, onDamage }: ReadOptions,
  limits: ReorderLimits,
): AsyncGenerator<TraceRecord[]> {
  const skip = onDamage === 'skip';
  const window = createReorderWindow(limits);
  let failure: { error: unknown } | undefined;
  try {
    for await (const part of parts) {
      const record = takePart(part, state, skip);
      if (!record || record.startNs < fromNs || record.startNs >= toNs) continue;
      window.add(record, record.body.length + record.path.length);
      yield* inBatches(window.ready());
    }
  } catch (error) {
    failure = { error };
  }
  // What comes before the damage is whole, and goes first.
  yield* inBatches(window.rest());
  tellLate(state, window.late);
  if (!failure) return;
  const { error } = failure;
  if (!skip || !(error instanceof EngramTraceError) || error.code !== 'corrupt') throw error;
  state.warnings.push(`${error.where ?? state.name}: ${error.message}; nothing behind that place was read.`);
}

function takePart(part: DocumentPart, state: State, skip: boolean): TraceRecord | undefined {
  if (part.kind === 'metadata') {
    takeLoss(part.value, state);
    return undefined;
  }
  const where = `${state.name}, operations[${part.index}]`;
  try {
    return operationToRecord(part.value, part.index, where);
  } catch (error) {
    if (!skip || !(error instanceof EngramTraceError)) throw error;
    state.loss.recordsDamaged++;
    return undefined;
  }
}

/** The loadtest tool has no losses; our own writer adds them. */
function takeLoss(metadata: unknown, state: State): void {
  const loss = (metadata as { loss?: unknown } | null)?.loss;
  if (loss !== undefined) addLoss(state.loss, lossFromJson(loss, `${state.name}, metadata.loss`));
}

function* inBatches(records: TraceRecord[]): Generator<TraceRecord[]> {
  for (let i = 0; i < records.length; i += BATCH_RECORDS) yield records.slice(i, i + BATCH_RECORDS);
}

function tellLate(state: State, late: number): void {
  if (late === 0) return;
  state.loss.recordsLate += late;
  state.warnings.push(
    `${state.name}: ${late} operations were too far out of order and were left out; sort them by timestamp_ms first.`,
  );
}
