import { EngramTraceError } from '../error.ts';

/** What the command line says, and what a program writes for it; what is longer stands first. */
const WORDS: readonly (readonly [flag: string, option: string])[] = [
  ['write https:// before its address, or --upstream-tls', 'write https:// before its address'],
  ['run `engram-trace repair` to write', 'use `repairTrace` to write'],
  ['Run `engram-trace repair`', 'Use `repairTrace`'],
  ['`engram-trace repair`', '`repairTrace`'],
  ['by `engram-trace export`', 'by `planExport` and `writeExport`'],
  ['`engram-trace capture`', '`startCapture`'],
  ['engram-trace convert', '`openTrace` and `createTraceWriter`'],
  ['a --duration above 0', 'a durationNs above 0'],
  ['--upstream-servername', 'upstreamTls.servername'],
  ['--upstream-insecure', 'upstreamTls.insecure'],
  ['--tls-cert and --tls-key', 'listenTls'],
  ['--http-upstream', 'http.upstream'],
  ['--grpc-upstream', 'grpc.upstream'],
  ['--upstream-cert', 'upstreamTls.cert'],
  ['--upstream-ca', 'upstreamTls.ca'],
  ['`engram-trace replay --replay-log FILE`', '`runReplay` with `replayLog`'],
  ['`engram-trace replay --output FILE`', '`runReplay`'],
  ['engram-trace inspect shows', 'summarizeTrace tells'],
  ['--wait-for-target 30s', 'waitForTargetMs: 30_000'],
  ['--prepare-timeout', 'prepareTimeoutNs'],
  ['--transport library', "transport: 'library'"],
  ['--transport wire', "transport: 'wire'"],
  ['--include-dangerous', 'includeDangerous: true'],
  ['--expect-mismatch', 'expectMismatch'],
  ['--max-in-flight', 'replay.maxInFlight'],
  ['--rate-multiplier', 'replay.multiplier'],
  ['--grpc-endpoint', 'grpc'],
  ['--skip-damaged', 'skipDamaged: true'],
  ['--allow-origin', 'allowOrigin: true'],
  ['--behind stretch', "replay.behind 'stretch'"],
  ['--behind catch-up', "replay.behind: 'catch-up'"],
  ['--servername', 'tls.servername'],
  ['--connections', 'connections'],
  ['--replay-log', 'replayLog'],
  ['--senders 1', 'senders: 1'],
  ['--dangerous', 'dangerous'],
  ['--endpoint', 'http'],
  ['--precision', 'replay.precision'],
  ['--max-gap', 'replay.maxGapNs'],
  ['--prepare', 'prepare: true'],
  ['--senders', 'senders'],
  ['--timeout', 'replay.timeoutNs'],
  ['--timing', 'replay.timing'],
  ['--copies', 'replay.copies'],
  ['--upscale', 'replay.upscale'],
  ['--behind', 'replay.behind'],
  ['--order', 'replay.order'],
  ['--shard', 'replay.shard'],
  ['--force', 'force: true'],
  ['--loop', 'replay.loops'],
  ['--pace', 'replay.pace'],
  ['--only', 'only'],
  ['--start', 'startUnixNs'],
  ['--end', 'endUnixNs'],
  ['--from', 'range.from'],
  ['--to', 'range.to'],
];

/** A sentence that names flags, with the options of the library in their place. */
export function optionWords(text: string): string {
  return WORDS.reduce((said, [flag, option]) => said.replaceAll(flag, option), text);
}

/** Runs a door of the library: an error that comes out of it names options, not flags. */
export async function inOptionWords<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof EngramTraceError)) throw thrown;
    const { code, message, where, hint, cause } = thrown;
    const said = hint === undefined ? undefined : optionWords(hint);
    throw new EngramTraceError(code, optionWords(message), { where, hint: said, cause });
  }
}
