import { EngramTraceError } from '../../error.ts';
import { lossFromJson, lossToJson } from '../ndjson/header-json.ts';
import { createFieldReader } from '../ndjson/json-fields.ts';
import type { Loss } from '../record/record.ts';

/**
 * What a run of capture could write into no block, kept in a small file of its own beside the segments. The file is
 * there while capture runs, and stays when something could not be told, or when capture was killed.
 */
export interface UntoldLosses {
  readonly runId: string;
  /** False: capture is still running, or was killed; what came after `untilUnixNs` is not known. */
  readonly isEnded: boolean;
  /** When the first of the losses came; `untilUnixNs` where there are none. */
  readonly sinceUnixNs: bigint;
  /** When the file was written last, which is every few seconds. */
  readonly untilUnixNs: bigint;
  readonly loss: Loss;
}

/** Fixed, so that it can be written again in place: that needs no free space. */
export const UNTOLD_LOSSES_BYTES = 4096;
const FORMAT = 'engram-trace untold losses 1';
const NAME = /^oplog-\d{8}T\d{9}Z-([0-9A-Za-z]{1,32})\.losses$/;

/** File name of a run's untold losses: UTC time of the run's start, and the run. */
export function untoldLossesName(startUnixMs: number, runId: string): string {
  const utc = new Date(startUnixMs).toISOString().replace(/[-:.]/g, '');
  return `oplog-${utc}-${runId}.losses`;
}

/** Whether `name` is one that `untoldLossesName` gives. */
export function isUntoldLossesName(name: string): boolean {
  return NAME.test(name);
}

/** The run that such a name tells; '' for another name. */
export function runOfUntoldLosses(name: string): string {
  return NAME.exec(name)?.[1] ?? '';
}

/** The whole file: one line of JSON, and blanks up to the file's fixed size. */
export function encodeUntoldLosses(losses: UntoldLosses): Buffer {
  const text = JSON.stringify({
    format: FORMAT,
    run_id: losses.runId,
    ended: losses.isEnded,
    since_unix_ns: String(losses.sinceUnixNs),
    until_unix_ns: String(losses.untilUnixNs),
    loss: lossToJson(losses.loss),
  });
  return Buffer.from(`${text.padEnd(UNTOLD_LOSSES_BYTES - 1)}\n`, 'latin1');
}

/** Throws `corrupt` for bytes that are no such file, or one that is damaged. */
export function decodeUntoldLosses(bytes: Uint8Array, where: string): UntoldLosses {
  try {
    const text = Buffer.from(bytes).toString('latin1');
    const fields = createFieldReader(JSON.parse(text), where);
    if (fields.text('format') !== FORMAT) throw new Error('it does not say that it is one');
    const untilUnixNs = fields.bigInteger('until_unix_ns') ?? 0n;
    return {
      runId: fields.requiredText('run_id'),
      isEnded: fields.flag('ended') ?? false,
      sinceUnixNs: fields.bigInteger('since_unix_ns') ?? untilUnixNs,
      untilUnixNs,
      loss: lossFromJson(JSON.parse(text).loss ?? {}, where),
    };
  } catch (cause) {
    throw new EngramTraceError('corrupt', 'the file of untold losses can not be read', { where, cause });
  }
}
