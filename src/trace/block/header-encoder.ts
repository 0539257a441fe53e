import { Header, type Loss as WireLoss } from '../../gen/engram/trace/v1/trace.ts';
import { fromSum } from '../bytes/safe-integer.ts';
import type { Loss, TimeWindow, TraceHeader } from '../record/record.ts';

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

export function lossToWire(loss: Loss): WireLoss {
  return {
    recordsDropped: fromSum(loss.recordsDropped),
    bodiesTruncated: fromSum(loss.bodiesTruncated),
    bodyBytesTruncated: fromSum(loss.bodyBytesTruncated),
    recordsSampledOut: fromSum(loss.recordsSampledOut),
    recordsLate: fromSum(loss.recordsLate),
    blocksDamaged: fromSum(loss.blocksDamaged),
    recordsDamaged: fromSum(loss.recordsDamaged),
    connectionsUnfollowed: fromSum(loss.connectionsUnfollowed),
    bytesUnfollowed: fromSum(loss.bytesUnfollowed),
    segmentsIncomplete: fromSum(loss.segmentsIncomplete),
  };
}

const windowToWire = (window: TimeWindow) => ({
  startNs: BigInt(window.startNs),
  endNs: BigInt(window.endNs),
});
