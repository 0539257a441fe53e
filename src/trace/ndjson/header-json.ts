import { EngramTraceError } from '../../error.ts';
import { newerVersion } from '../block/header-decoder.ts';
import {
  emptyHeader,
  emptyLoss,
  FORMAT_VERSION,
  hasLoss,
  type Loss,
  type TimeWindow,
  type TraceHeader,
} from '../record/record.ts';
import { createFieldReader, type FieldReader } from './json-fields.ts';

type Json = Record<string, unknown>;

const LOSS_NAMES = {
  recordsDropped: 'records_dropped',
  bodiesTruncated: 'bodies_truncated',
  bodyBytesTruncated: 'body_bytes_truncated',
  recordsSampledOut: 'records_sampled_out',
  recordsLate: 'records_late',
  blocksDamaged: 'blocks_damaged',
  recordsDamaged: 'records_damaged',
  connectionsUnfollowed: 'connections_unfollowed',
  bytesUnfollowed: 'bytes_unfollowed',
  segmentsIncomplete: 'segments_incomplete',
} as const satisfies Record<keyof Loss, string>;

/** What stands under `header` in the first line of NDJSON. */
export function headerToJson(header: TraceHeader): Json {
  return {
    format_version: header.formatVersion,
    epoch_unix_ns: String(header.epochUnixNs),
    resolution_ns: header.resolutionNs,
    sorted: header.sorted,
    tool: header.tool,
    source: header.source,
    origins: header.origins,
    redacted: header.redacted,
    dialect: header.dialect,
    ...(header.window && { window: windowToJson(header.window) }),
    gaps: header.gaps.map((gap) => ({ ...windowToJson(gap), reason: gap.reason })),
    notes: header.notes,
    ...(hasLoss(header.loss) && { loss: lossToJson(header.loss) }),
    run_id: header.runId,
    opened_ns: header.openedNs,
  };
}

/** The header of such a line; what is absent is at its resting value. */
export function headerFromJson(value: unknown, where: string): TraceHeader {
  const fields = createFieldReader(value, where, 'header.');
  const resting = emptyHeader();
  const formatVersion = fields.count('format_version') ?? FORMAT_VERSION;
  if (formatVersion > FORMAT_VERSION) throw newerVersion(formatVersion, where);
  const resolutionNs = fields.count('resolution_ns') ?? resting.resolutionNs;
  if (resolutionNs < 1) throw new EngramTraceError('bad_record', 'header.resolution_ns is 0', { where });
  const window = fields.child('window');
  const loss = fields.child('loss');
  return {
    formatVersion,
    epochUnixNs: fields.bigInteger('epoch_unix_ns') ?? 0n,
    resolutionNs,
    sorted: fields.flag('sorted') ?? false,
    tool: fields.text('tool') ?? '',
    source: fields.text('source') ?? 'ndjson',
    origins: fields.texts('origins') ?? [],
    redacted: fields.texts('redacted') ?? [],
    dialect: fields.text('dialect') ?? resting.dialect,
    window: window && windowFromJson(window),
    gaps: fields
      .children('gaps')
      .map((gap) => ({ ...windowFromJson(gap), reason: gap.text('reason') ?? '' })),
    notes: fields.texts('notes') ?? [],
    loss: loss ? lossFields(loss) : emptyLoss(),
    runId: fields.text('run_id') ?? '',
    openedNs: fields.integer('opened_ns') ?? 0,
  };
}

/** The losses as JSON, with the counts that are not 0. */
export function lossToJson(loss: Loss): Json {
  const counts = Object.entries(LOSS_NAMES).map(([key, name]) => [name, loss[key as keyof Loss]] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

export function lossFromJson(value: unknown, where: string): Loss {
  return lossFields(createFieldReader(value, where, 'loss.'));
}

function lossFields(fields: FieldReader): Loss {
  const loss = emptyLoss();
  for (const [key, name] of Object.entries(LOSS_NAMES)) loss[key as keyof Loss] = fields.count(name) ?? 0;
  return loss;
}

const windowToJson = (window: TimeWindow) => ({ start_ns: window.startNs, end_ns: window.endNs });

const windowFromJson = (fields: FieldReader): TimeWindow => ({
  startNs: fields.requiredInteger('start_ns'),
  endNs: fields.requiredInteger('end_ns'),
});
