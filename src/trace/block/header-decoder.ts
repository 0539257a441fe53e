// Written by hand, as all decoders of ours: the generated code takes longer to load than an index to read.
import { EngramTraceError } from '../../error.ts';
import { WireReader } from '../bytes/wire-reader.ts';
import {
  emptyHeader,
  emptyLoss,
  FORMAT_VERSION,
  type Gap,
  type Loss,
  type TraceHeader,
} from '../record/record.ts';

/** Decodes a Header message; throws `unsupported_version` for one from the future, a MalformedError for none. */
export function decodeHeader(bytes: Uint8Array, where: string): TraceHeader {
  const header: TraceHeader = {
    ...emptyHeader(),
    formatVersion: 0,
    resolutionNs: 0,
    sorted: false,
    dialect: '',
  };
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) readField(reader, reader.varint(), header);
  if (header.formatVersion > FORMAT_VERSION) throw newerVersion(header.formatVersion, where);
  return header;
}

/** The error for a file of a newer format. */
export function newerVersion(version: number, where: string): EngramTraceError {
  return new EngramTraceError(
    'unsupported_version',
    `format version ${version} is newer than ${FORMAT_VERSION}, the newest this program reads`,
    { where, hint: 'Update engram-trace, or convert the trace with the version that wrote it.' },
  );
}

function readField(reader: WireReader, tag: number, header: TraceHeader): void {
  if (tag === 8) header.formatVersion = reader.varint();
  else if (tag === 16) header.epochUnixNs = reader.int64();
  else if (tag === 24) header.resolutionNs = reader.varint();
  else if (tag === 32) header.sorted = reader.varint() !== 0;
  else if (tag === 42) header.tool = reader.text();
  else if (tag === 50) header.source = reader.text();
  else if (tag === 58) header.origins.push(reader.text());
  else if (tag === 66) header.redacted.push(reader.text());
  else if (tag === 74) header.dialect = reader.text();
  else if (tag === 82) header.window = readWindow(reader);
  else if (tag === 90) header.gaps.push(readGap(reader));
  else if (tag === 98) header.notes.push(reader.text());
  else if (tag === 106) header.loss = readLoss(reader);
  else if (tag === 114) header.runId = reader.text();
  else if (tag === 120) header.openedNs = reader.integer();
  else reader.skip(tag);
}

/** Reads a Loss message with its length. */
export function readLoss(reader: WireReader): Loss {
  const loss = emptyLoss();
  reader.message((tag) => {
    if (tag === 8) loss.recordsDropped = reader.varint();
    else if (tag === 16) loss.bodiesTruncated = reader.varint();
    else if (tag === 24) loss.bodyBytesTruncated = reader.varint();
    else if (tag === 32) loss.recordsSampledOut = reader.varint();
    else if (tag === 40) loss.recordsLate = reader.varint();
    else if (tag === 48) loss.blocksDamaged = reader.varint();
    else if (tag === 56) loss.recordsDamaged = reader.varint();
    else if (tag === 64) loss.connectionsUnfollowed = reader.varint();
    else if (tag === 72) loss.bytesUnfollowed = reader.varint();
    else if (tag === 80) loss.segmentsIncomplete = reader.varint();
    else reader.skip(tag);
  });
  return loss;
}

function readWindow(reader: WireReader): { startNs: number; endNs: number } {
  const { startNs, endNs } = readGap(reader);
  return { startNs, endNs };
}

function readGap(reader: WireReader): Gap {
  const gap: Gap = { startNs: 0, endNs: 0, reason: '' };
  reader.message((tag) => {
    if (tag === 8) gap.startNs = reader.integer();
    else if (tag === 16) gap.endNs = reader.integer();
    else if (tag === 26) gap.reason = reader.text();
    else reader.skip(tag);
  });
  return gap;
}
