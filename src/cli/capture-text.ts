import type { Capture, CaptureStats, CaptureSummary } from '../capture/capture.ts';
import { hasLoss } from '../trace/record.ts';

/** What capture prints on stdout when it listens. */
export function readyLine({ httpPort, grpcPort }: Capture, json: boolean | undefined): string {
  if (json) return JSON.stringify({ http_port: httpPort, grpc_port: grpcPort });
  const places = [
    ...(httpPort === undefined ? [] : [`HTTP on port ${httpPort}`]),
    ...(grpcPort === undefined ? [] : [`gRPC on port ${grpcPort}`]),
  ];
  return `capture ready: ${places.join(', ')}`;
}

/** One line about a capture that runs. */
export function statusLine(stats: CaptureStats, ratePerSec: number): string {
  return [
    `capture: ${stats.records} records`,
    `${ratePerSec.toFixed(ratePerSec < 10 ? 1 : 0)}/s`,
    `${stats.openConnections} connections`,
    `${stats.recordsDropped} dropped`,
    `${stats.segments} segments`,
    ...(stats.lastWriteError === '' ? [] : [`last write error: ${stats.lastWriteError}`]),
  ].join(', ');
}

/** What a capture did, for people. */
export function summaryLines(summary: CaptureSummary): string[] {
  const { records, connections, segments, bytesWritten, gaveUp, unreachable } = summary;
  const lines = [
    `capture: ${records} records of ${connections} connections in ${segments} segments, ${bytesWritten} bytes`,
    `  dropped ${summary.recordsDropped}, bodies truncated ${summary.bodiesTruncated}`,
  ];
  if (unreachable > 0) lines.push(`  the upstream did not answer ${unreachable} connections`);
  if (gaveUp > 0)
    lines.push(`  ${gaveUp} connections could not be followed, the last: ${summary.lastGaveUp}`);
  if (summary.lastWriteError !== '') lines.push(`  last write error: ${summary.lastWriteError}`);
  if (hasLoss(summary.untoldLoss))
    lines.push('  the last losses are not in the op log: the disk took no more blocks');
  return lines;
}
