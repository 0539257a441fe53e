import type { Capture, CaptureStats, CaptureSummary } from '../../capture/capture.ts';
import type { CaptureSettings } from '../../capture/capture-options.ts';
import type { CaptureListener } from '../../capture/relay/capture-listener.ts';
import { authorityOf } from '../../capture/relay/host-port.ts';
import { sizeText } from '../../inspect/number-text.ts';
import { hasLoss } from '../../trace/record/record.ts';

/** Writes the line that capture prints on stdout when it listens: where it does, and which server stands behind it. */
export function readyLine(
  { httpPort, grpcPort, stats }: Capture,
  { http, grpc }: Pick<CaptureSettings, 'http' | 'grpc'>,
  json: boolean | undefined,
): string {
  const at = (listener: CaptureListener | undefined, port: number | undefined): string | undefined =>
    listener && port !== undefined ? authorityOf({ host: listener.listen.host, port }) : undefined;
  const places = { http_listen: at(http, httpPort), grpc_listen: at(grpc, grpcPort) };
  const { relays } = stats();
  if (json) return JSON.stringify({ http_port: httpPort, grpc_port: grpcPort, ...places, relays });
  const line = (name: string, port: number | undefined, listener: CaptureListener | undefined): string[] =>
    listener === undefined || port === undefined
      ? []
      : [`${name} on port ${port} (${at(listener, port)} for ${authorityOf(listener.upstream)})`];
  const shared = relays === 1 ? [] : [`${relays} relays`];
  const parts = [...line('HTTP', httpPort, http), ...line('gRPC', grpcPort, grpc), ...shared];
  return `capture ready: ${parts.join(', ')}`;
}

/** Writes one line about a capture that is running. */
export function statusLine(stats: CaptureStats, ratePerSec: number): string {
  return [
    `capture: ${stats.records} records`,
    `${ratePerSec.toFixed(ratePerSec < 10 ? 1 : 0)}/s`,
    `${stats.openConnections} connections`,
    `${stats.recordsDropped} dropped`,
    ...(stats.connectionsUnfollowed === 0 ? [] : [`${stats.connectionsUnfollowed} connections not followed`]),
    `${sizeText(stats.bufferedBytes)} held`,
    `${stats.segments} segments`,
    ...(stats.relaysDied === 0 ? [] : [`${relaysText(stats.relaysDied)} died`]),
    ...(stats.diskSilentMs < 1000 ? [] : [`disk silent for ${Math.round(stats.diskSilentMs / 1000)} s`]),
    ...(stats.lastWriteError === '' ? [] : [`last write error: ${stats.lastWriteError}`]),
  ].join(', ');
}

/** Writes what a capture did, for people. */
export function summaryLines(summary: CaptureSummary): string[] {
  const { records, connections, segments, bytesWritten, gaveUp, unreachable } = summary;
  const lines = [
    `capture: ${records} records of ${connections} connections in ${segments} segments, ${bytesWritten} bytes`,
    `  dropped ${summary.recordsDropped}, bodies truncated ${summary.bodiesTruncated}`,
  ];
  if (summary.relaysDied > 0)
    lines.push(`  ${relaysText(summary.relaysDied)} died, with its connections and what it held`);
  if (unreachable > 0) lines.push(`  the upstream did not answer ${unreachable} connections`);
  if (gaveUp > 0)
    lines.push(
      `  ${gaveUp} connections could not be followed in all they sent, the last: ${summary.lastGaveUp}`,
    );
  if (summary.bytesUnfollowed > 0)
    lines.push(
      `  ${summary.connectionsUnfollowed} of them passed ${summary.bytesUnfollowed} bytes of requests that nobody counted`,
    );
  if (summary.lastRefused !== '') lines.push(`  a record could not be written: ${summary.lastRefused}`);
  if (summary.lastWriteError !== '') lines.push(`  last write error: ${summary.lastWriteError}`);
  if (hasLoss(summary.untoldLoss)) lines.push(`  ${untoldText(summary)}`);
  if (!summary.closedProperly) lines.push('  the op log was not closed in order');
  return lines;
}

function untoldText({ untoldLoss, lossFile }: CaptureSummary): string {
  const where = lossFile === '' ? 'nothing in the op log tells of it' : `only ${lossFile} tells of it`;
  return `${untoldLoss.recordsDropped} records were lost at the end: the disk took no more blocks, and ${where}`;
}

function relaysText(count: number): string {
  return count === 1 ? '1 relay' : `${count} relays`;
}
