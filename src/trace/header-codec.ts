import { Header, type Loss as WireLoss } from '../gen/engram/trace/v1/trace.ts';
import { EngramTraceError } from './error.ts';
import { emptyLoss, FORMAT_VERSION, type Loss, type TimeWindow, type TraceHeader } from './record.ts';

/** Encodes a Header message, without a length in front. */
export function encodeHeader(header: TraceHeader): Uint8Array {
  return Header.encode({
    formatVersion: header.formatVersion,
    epochUnixNs: header.epochUnixNs,
    resolutionNs: BigInt(header.resolutionNs),
    sorted: header.sorted,
    tool: header.tool,
    source: header.source,
    origins: header.origins,
    redacted: header.redacted,
    dialect: header.dialect,
    window: header.window && windowToWire(header.window),
    gaps: header.gaps.map((gap) => ({ ...windowToWire(gap), reason: gap.reason })),
    notes: header.notes,
    loss: lossToWire(header.loss),
    runId: header.runId,
    openedNs: BigInt(header.openedNs),
  }).finish();
}

/** Decodes a Header message; throws `unsupported_version` for one from the future. */
export function decodeHeader(bytes: Uint8Array, where: string): TraceHeader {
  const wire = Header.decode(bytes);
  if (wire.formatVersion > FORMAT_VERSION) throw newerVersion(wire.formatVersion, where);
  return {
    formatVersion: wire.formatVersion,
    epochUnixNs: wire.epochUnixNs,
    resolutionNs: toSafe(wire.resolutionNs),
    sorted: wire.sorted,
    tool: wire.tool,
    source: wire.source,
    origins: wire.origins,
    redacted: wire.redacted,
    dialect: wire.dialect,
    window: wire.window && windowFromWire(wire.window),
    gaps: wire.gaps.map((gap) => ({ ...windowFromWire(gap), reason: gap.reason })),
    notes: wire.notes,
    loss: lossFromWire(wire.loss),
    runId: wire.runId,
    openedNs: toSafe(wire.openedNs),
  };
}

/** The error for a file of a newer format. */
export function newerVersion(version: number, where: string): EngramTraceError {
  return new EngramTraceError(
    'unsupported_version',
    `format version ${version} is newer than ${FORMAT_VERSION}, the newest this program reads`,
    { where, hint: 'Update engram-trace, or convert the trace with the version that wrote it.' },
  );
}

export function lossToWire(loss: Loss): WireLoss {
  return {
    recordsDropped: fromSum(loss.recordsDropped),
    bodiesTruncated: fromSum(loss.bodiesTruncated),
    bodyBytesTruncated: fromSum(loss.bodyBytesTruncated),
    recordsSampledOut: fromSum(loss.recordsSampledOut),
    recordsLate: fromSum(loss.recordsLate),
    blocksDamaged: fromSum(loss.blocksDamaged),
    recordsDamaged: fromSum(loss.recordsDamaged),
  };
}

export function lossFromWire(wire: WireLoss | undefined): Loss {
  if (!wire) return emptyLoss();
  return {
    recordsDropped: toSafe(wire.recordsDropped),
    bodiesTruncated: toSafe(wire.bodiesTruncated),
    bodyBytesTruncated: toSafe(wire.bodyBytesTruncated),
    recordsSampledOut: toSafe(wire.recordsSampledOut),
    recordsLate: toSafe(wire.recordsLate),
    blocksDamaged: toSafe(wire.blocksDamaged),
    recordsDamaged: toSafe(wire.recordsDamaged),
  };
}

/** A 64-bit integer as a number; throws a RangeError beyond 2^53, which no time or count of ours reaches. */
export function toSafe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is out of range`);
  return number;
}

/** A sum as a 64-bit integer. Sums of nonsense may pass 2^53; they stop there, so that every file written is readable. */
export function fromSum(sum: number): bigint {
  return BigInt(Math.min(sum, Number.MAX_SAFE_INTEGER));
}

const windowToWire = (window: TimeWindow) => ({
  startNs: BigInt(window.startNs),
  endNs: BigInt(window.endNs),
});

const windowFromWire = (wire: { startNs: bigint; endNs: bigint }): TimeWindow => ({
  startNs: toSafe(wire.startNs),
  endNs: toSafe(wire.endNs),
});
