import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import type { Capture } from '../../capture/capture.ts';
import { CAPTURE_DEFAULTS } from '../../capture/capture-defaults.ts';
import type { CaptureOptions } from '../../capture/capture-options.ts';
import { keepHeapSmall } from '../../capture/keep-heap-small.ts';
import { type CaptureListener, captureListener } from '../../capture/relay/capture-listener.ts';
import type { ListenerTls } from '../../capture/relay/relay.ts';
import type { UpstreamTls } from '../../capture/relay/upstream.ts';
import { defaultRelays, MAX_RELAYS } from '../../capture/relays/relay-count.ts';
import { DIALECT_NAMES, findDialect } from '../../dialects/find-dialect.ts';
import { EngramTraceError } from '../../error.ts';
import { DEFAULT_OPLOG } from '../../op-log-folder.ts';
import { jsonText, linesText } from '../../visible-text.ts';
import { EXIT } from '../exit/exit-code.ts';
import { leaveBySignal } from '../exit/leave.ts';
import { untilSignal } from '../exit/signals.ts';
import { collect, parseCount } from '../flags/flag-parsers.ts';
import { parseDuration } from '../flags/parse-duration.ts';
import { parseSize } from '../flags/parse-size.ts';
import { tell, tellOnStdout } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';
import { readyLine, statusLine, summaryLines } from '../text/capture-text.ts';

interface CaptureFlags {
  httpListen?: string;
  httpUpstream?: string;
  grpcListen?: string;
  grpcUpstream?: string;
  oplog: string;
  relays?: number;
  segmentAge: number;
  segmentSize: number;
  retainAge?: number;
  retainSize: number;
  maxBody: number;
  buffer: number;
  grace: number;
  diskWait: number;
  responses?: boolean;
  redactHeader?: string[];
  redactQuery?: string[];
  keepHeader?: string[];
  keepQuery?: string[];
  redactBodies?: boolean;
  dialect: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  upstreamTls?: boolean;
  upstreamCa?: string;
  upstreamServername?: string;
  upstreamInsecure?: boolean;
  upstreamCert?: string;
  upstreamKey?: string;
  json?: boolean;
  quiet?: boolean;
}

const DEFAULT_RETAIN_BYTES = 10 * 1024 ** 3;
const STATUS_MS = 1_000;
/** A capture that is told to stop while it starts gets this long to come to an end by itself. */
const START_GRACE_MS = 1_000;

/** `engram-trace capture`: recording proxies in front of a server, until they are stopped. */
export function makeCaptureCommand(): Command {
  const command = new Command('capture')
    .option('--http-listen <address>', '[host:]port to take HTTP at (host: 127.0.0.1); HTTP, gRPC or both')
    .option('--http-upstream <address>', '[host:]port of the HTTP server; https://… for TLS')
    .option('--grpc-listen <address>', '[host:]port to take gRPC at (host: 127.0.0.1)')
    .option('--grpc-upstream <address>', '[host:]port of the gRPC server; https://… for TLS')
    .option(
      '--oplog <folder>',
      'where the op log goes, and export reads by default; made if it is missing',
      DEFAULT_OPLOG,
    )
    .addOption(
      new Option(
        '--relays <count>',
        'processes that share the addresses (default: one less than the cores, as far as --buffer has room)',
      )
        .argParser(parseRelays)
        .default(undefined, 'one less than the cores'),
    )
    .option('--dialect <name>', `names the operations: ${DIALECT_NAMES.join(', ')}`, 'engram')
    .option('--responses', 'keep the answers too, not only their size and checksum');
  addStorageFlags(command);
  addRedactionFlags(command);
  addTlsFlags(command);
  return command.option('--json', 'print the ports as JSON when ready, and the summary').action(runCapture);
}

function addStorageFlags(command: Command): void {
  const { segmentAgeNs, segmentBytes, maxBodyBytes, bufferBytes, graceMs, diskWaitMs } = CAPTURE_DEFAULTS;
  const duration = (flags: string, text: string, ns: number, shown: string): Option =>
    new Option(flags, text).argParser(parseDuration).default(ns, shown);
  const size = (flags: string, text: string, bytes: number, shown: string): Option =>
    new Option(flags, text).argParser(parseSize).default(bytes, shown);
  command
    .addOption(duration('--segment-age <duration>', 'begin a new file after this long', segmentAgeNs, '10m'))
    .addOption(size('--segment-size <size>', 'or when it is this large', segmentBytes, '256MiB'))
    .option('--retain-age <duration>', 'remove files last written longer ago than this', parseDuration)
    .addOption(
      size('--retain-size <size>', 'remove the oldest beyond; 0 keeps all', DEFAULT_RETAIN_BYTES, '10GiB'),
    )
    .addOption(size('--max-body <size>', 'keep at most this much of a request', maxBodyBytes, '16MiB'))
    .addOption(
      size('--buffer <size>', 'drop records when all that is held costs this much', bufferBytes, '128MiB'),
    )
    .addOption(duration('--grace <duration>', 'let what is in flight end when stopped', graceMs * 1e6, '10s'))
    .addOption(duration('--disk-wait <duration>', 'then wait for the disk', diskWaitMs * 1e6, '10s'));
}

function addRedactionFlags(command: Command): void {
  const names = (flag: string, text: string): Command =>
    command.option(`${flag} <glob>`, `${text}; may be repeated`, collect);
  names('--redact-header', 'replace the value of this header too');
  names('--redact-query', 'replace the value of this parameter or field too');
  names('--keep-header', 'keep the value of this header, which looks like a secret');
  names('--keep-query', 'keep the value of this parameter or field');
  command.option('--redact-bodies', 'replace secret fields in JSON, forms and messages of Engram too');
}

function addTlsFlags(command: Command): void {
  command
    .option('--tls-cert <file>', 'listen with TLS: certificate (PEM)')
    .option('--tls-key <file>', 'and its key (PEM)')
    .option('--tls-client-ca <file>', 'ask clients for a certificate signed by this (PEM)')
    .option('--upstream-tls', 'speak TLS to the servers')
    .option('--upstream-ca <file>', 'trust servers signed by this (PEM)')
    .option('--upstream-servername <name>', 'name the server must prove to be')
    .option('--upstream-insecure', 'take any certificate')
    .option('--upstream-cert <file>', 'certificate to show to the servers (PEM)')
    .option('--upstream-key <file>', 'and its key (PEM)');
}

async function runCapture(flags: CaptureFlags): Promise<void> {
  const stopped = untilSignal();
  const endStart = leaveWhenStopped(stopped);
  const listenTls = await readListenerTls(flags);
  const upstreamTls = await readUpstreamTls(flags);
  const listeners = {
    http: listener('http', flags.httpListen, flags.httpUpstream, listenTls, upstreamTls),
    grpc: listener('grpc', flags.grpcListen, flags.grpcUpstream, listenTls, upstreamTls),
  };
  const { startRelays } = await import('../../capture/relays/start-relays.ts');
  const relays = flags.relays ?? defaultRelays(availableParallelism(), memoryOf(flags));
  const capture = await startRelays({
    ...listeners,
    relays,
    ...memoryOf(flags),
    oplogDirectory: flags.oplog,
    dialect: findDialect(flags.dialect),
    segmentAgeNs: flags.segmentAge,
    segmentBytes: flags.segmentSize,
    retainAgeNs: flags.retainAge,
    retainBytes: flags.retainSize === 0 ? undefined : flags.retainSize,
    keepResponses: flags.responses,
    redactHeaders: flags.redactHeader,
    redactQuery: flags.redactQuery,
    keepHeaders: flags.keepHeader,
    keepQuery: flags.keepQuery,
    redactBodies: flags.redactBodies,
    graceMs: flags.grace / 1e6,
    diskWaitMs: flags.diskWait / 1e6,
    onWarning: (text) => tell(linesText([`capture: ${text}`])),
  });
  endStart();
  if (relays === 1) keepHeapSmall();
  tellOnStdout(`${readyLine(capture, listeners, flags.json)}\n`);
  const stopStatus = await showStatus(capture, flags.quiet);
  const failure = await Promise.race([stopped.then(() => undefined), capture.failed]);
  stopStatus();
  const summary = await capture.close();
  // Told to stop is how a capture ends: only what it could not write is a failure.
  process.exitCode = summary.closedProperly ? EXIT.ok : EXIT.failed;
  if (flags.json) tellOnStdout(jsonText(summary));
  else if (!flags.quiet) tell(linesText(summaryLines(summary)));
  if (failure !== undefined) throw failure;
}

function memoryOf({ maxBody, buffer }: CaptureFlags): Pick<CaptureOptions, 'maxBodyBytes' | 'bufferBytes'> {
  return { maxBodyBytes: maxBody, bufferBytes: buffer };
}

function parseRelays(text: string): number {
  const count = parseCount(text);
  if (count >= 1 && count <= MAX_RELAYS) return count;
  throw new EngramTraceError('usage', `'${text}' is not a number of relays from 1 to ${MAX_RELAYS}`);
}

/**
 * Until it is called off: a signal ends the process, at the latest `START_GRACE_MS` later, whatever the start waits for
 * (a folder or a certificate on a file system that hangs). Nothing is lost: nobody is connected yet.
 */
function leaveWhenStopped(stopped: Promise<NodeJS.Signals>): () => void {
  let isStarting = true;
  let timer: NodeJS.Timeout | undefined;
  void stopped.then((signal) => {
    if (!isStarting) return;
    timer = setTimeout(() => {
      void leaveBySignal(signal);
    }, START_GRACE_MS);
  });
  return () => {
    isStarting = false;
    clearTimeout(timer);
  };
}

async function showStatus(capture: Capture, quiet: boolean | undefined): Promise<() => void> {
  const progress = await createProgress({ quiet });
  let before = { records: 0, atMs: performance.now() };
  const timer = setInterval(() => {
    progress.update(() => {
      const stats = capture.stats();
      const atMs = performance.now();
      const ratePerSec = ((stats.records - before.records) * 1000) / Math.max(1, atMs - before.atMs);
      before = { records: stats.records, atMs };
      return statusLine(stats, ratePerSec);
    });
  }, STATUS_MS);
  return () => {
    clearInterval(timer);
    progress.stop();
  };
}

function listener(
  kind: 'http' | 'grpc',
  listen: string | undefined,
  upstream: string | undefined,
  listenTls: ListenerTls | undefined,
  upstreamTls: UpstreamTls | undefined,
): CaptureListener | undefined {
  if (listen === undefined && upstream === undefined) return undefined;
  if (listen === undefined || upstream === undefined) {
    const missing = listen === undefined ? 'listen' : 'upstream';
    throw new EngramTraceError('usage', `--${kind}-${missing} is missing`, {
      hint: `--${kind}-listen and --${kind}-upstream go together`,
    });
  }
  return captureListener({ listen, upstream, listenTls, upstreamTls });
}

async function readListenerTls(flags: CaptureFlags): Promise<ListenerTls | undefined> {
  const { tlsCert, tlsKey, tlsClientCa } = flags;
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new EngramTraceError('usage', '--tls-cert and --tls-key go together');
  }
  return { cert: await pem(tlsCert), key: await pem(tlsKey), clientCa: await optionalPem(tlsClientCa) };
}

async function readUpstreamTls(flags: CaptureFlags): Promise<UpstreamTls | undefined> {
  const { upstreamCa, upstreamCert, upstreamKey, upstreamServername, upstreamInsecure } = flags;
  const details = [upstreamCa, upstreamCert, upstreamKey, upstreamServername];
  if (!flags.upstreamTls && !upstreamInsecure && details.every((detail) => detail === undefined))
    return undefined;
  if ((upstreamCert === undefined) !== (upstreamKey === undefined)) {
    throw new EngramTraceError('usage', '--upstream-cert and --upstream-key go together');
  }
  return {
    ca: await optionalPem(upstreamCa),
    cert: await optionalPem(upstreamCert),
    key: await optionalPem(upstreamKey),
    servername: upstreamServername,
    insecure: upstreamInsecure,
  };
}

async function optionalPem(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : pem(path);
}

async function pem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw EngramTraceError.from(cause, 'usage', { where: path });
  }
}
