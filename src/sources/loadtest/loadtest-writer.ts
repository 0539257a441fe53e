import { isoTime } from '../../iso-time.ts';
import { lossToJson } from '../../trace/ndjson/header-json.ts';
import {
  addLoss,
  emptyLoss,
  hasLoss,
  type TraceHeader,
  type TraceRecord,
} from '../../trace/record/record.ts';
import type { ByteSink, TraceWriter } from '../../trace/trace.ts';
import { RESOLUTION_NS } from './operation-to-record.ts';
import { recordToOperation } from './record-to-operation.ts';

const CHUNK_CHARS = 64 * 1024;

/**
 * Writes the JSON trace of the Engram loadtest tool. Times are whole milliseconds from the first record; from the epoch
 * where the trace has no wall clock, so that what was read from such a file is written as it was. Records without an
 * equivalent are left out and counted in `leftOut`, by op. Losses, which the tool does not know, go to `metadata.loss`.
 */
export function createLoadtestWriter(sink: ByteSink, header: TraceHeader): TraceWriter {
  const loss = addLoss(emptyLoss(), header.loss);
  const leftOut = new Map<string, number>();
  let text = '{"operations":[';
  let baseNs = header.epochUnixNs === 0n ? 0 : undefined;
  let lastMs = 0;
  let written = 0;

  const flush = async () => {
    if (text !== '') await sink.write(Buffer.from(text, 'utf8'));
    text = '';
  };
  const add = (record: TraceRecord) => {
    baseNs ??= record.startNs;
    const operation = recordToOperation(record);
    if (!operation) {
      leftOut.set(record.op, (leftOut.get(record.op) ?? 0) + 1);
      return;
    }
    lastMs = Math.max(0, Math.round((record.startNs - baseNs) / RESOLUTION_NS));
    text += `${written++ === 0 ? '' : ','}\n${JSON.stringify({ timestamp_ms: lastMs, operation })}`;
  };
  const metadata = () => ({
    start_time: isoTime(header.epochUnixNs + BigInt(baseNs ?? 0), 3),
    duration_seconds: Math.ceil(lastMs / 1000),
    total_operations: written,
    ...(hasLoss(loss) ? { loss: lossToJson(loss) } : {}),
  });
  return {
    leftOut,
    async write(batch) {
      for (const record of batch) {
        add(record);
        if (text.length >= CHUNK_CHARS) await flush();
      }
    },
    addLoss: (more) => void addLoss(loss, more),
    flush,
    async finish() {
      text += `\n],"metadata":${JSON.stringify(metadata())}}\n`;
      await flush();
      await sink.close();
    },
  };
}
