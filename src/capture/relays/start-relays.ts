import net from 'node:net';
import { DIALECTS } from '../../dialects/find-dialect.ts';
import { EngramTraceError } from '../../error.ts';
import {
  type Capture,
  LISTENER_KINDS,
  type ListenerKind,
  refuseImpossible,
  startCapture,
  warnOfUpstream,
} from '../capture.ts';
import { momentOf } from '../capture-clock.ts';
import { CAPTURE_DEFAULTS } from '../capture-defaults.ts';
import { type CaptureOptions, type CaptureSettings, captureSettings } from '../capture-options.ts';
import { listen } from '../relay/listen.ts';
import { TroubleLog } from '../trouble-log.ts';
import { largestBody, MAX_RELAYS, relayShareBytes } from './relay-count.ts';
import { RelayPool } from './relay-pool.ts';
import { relaySettings } from './relay-settings.ts';
import { SharedWarnings } from './shared-warnings.ts';

/** Run ids have 32 letters and digits, and those of relays end with `r` and their number. */
const MAX_RUN_ID = 24;
/** What a relay needs to close beyond the times it is given for that. */
const CLOSE_SLACK_MS = 10_000;

/**
 * Starts recording proxies in front of a server, in one process or in several that share the addresses; rejects when an
 * address or the folder can't be used.
 */
export async function startRelays(given: CaptureOptions): Promise<Capture> {
  const { relays = 1, ...options } = given;
  if (relays === 1) return startCapture(options);
  if (!Number.isInteger(relays) || relays < 1 || relays > MAX_RELAYS) {
    throw new EngramTraceError('usage', `${relays} relays are none or too many`, {
      hint: `give 1 to ${MAX_RELAYS}`,
    });
  }
  const settings = captureSettings(options);
  refuseImpossible(settings);
  refuseUnsendable(options, settings);
  warnOfShare(settings, relays);
  return shareOut(settings, relays);
}

function warnOfShare({ bufferBytes, maxBodyBytes, onWarning }: CaptureSettings, relays: number): void {
  const bodyBytes = largestBody(relayShareBytes(bufferBytes, relays));
  if (bodyBytes >= (maxBodyBytes ?? CAPTURE_DEFAULTS.maxBodyBytes)) return;
  const mib = (bodyBytes / 1024 ** 2).toFixed(1);
  onWarning?.(`${relays} relays share --buffer: each cuts bodies beyond ${mib} MiB, before --max-body does`);
}

function refuseUnsendable(given: CaptureOptions, { runId, dialect }: CaptureSettings): void {
  const refuse = (what: string): never => {
    throw new EngramTraceError('usage', `${what}: several relays can't have that`, {
      hint: 'record with one relay',
    });
  };
  if (given.clock !== undefined) refuse('a clock of your own');
  if (!DIALECTS.includes(dialect)) refuse('a dialect of your own');
  if (runId.length > MAX_RUN_ID) refuse(`a run id of more than ${MAX_RUN_ID} letters and digits`);
}

async function shareOut(settings: CaptureSettings, relays: number): Promise<Capture> {
  const { clock, runId, onWarning = () => {} } = settings;
  const { graceMs = CAPTURE_DEFAULTS.graceMs, diskWaitMs = CAPTURE_DEFAULTS.diskWaitMs } = settings;
  const nowNs = (): number => clock.nowNs();
  const warnings = new SharedWarnings(onWarning, nowNs);
  const troubles = new TroubleLog(onWarning, nowNs);
  const same = relaySettings(settings, relays);
  const pool = new RelayPool({
    relays,
    nowNs,
    startOf: (number, ended) => ({
      settings: same,
      runId: `${runId}r${number}`,
      clock: momentOf(clock),
      ended,
    }),
    onRelayWarning: (relay, text) => warnings.note(relay, text),
    onWarning,
    onTrouble: (text, count) => troubles.note(text, count),
    closeMs: graceMs + diskWaitMs + CLOSE_SLACK_MS,
  });
  await pool.start();
  const servers: net.Server[] = [];
  const open = async (kind: ListenerKind): Promise<number | undefined> => {
    const listener = settings[kind];
    if (listener === undefined) return undefined;
    // Nothing is read here: every byte is for the relay.
    const server = net.createServer({ pauseOnConnect: true }, (client) => pool.hand(kind, client));
    const port = await listen(server, listener.listen);
    servers.push(server);
    return port;
  };
  const close = async (): ReturnType<Capture['close']> => {
    for (const server of servers) server.close();
    return pool.close();
  };
  try {
    const [httpPort, grpcPort] = [await open('http'), await open('grpc')];
    for (const kind of LISTENER_KINDS) warnOfUpstream(settings, kind);
    let closing: ReturnType<Capture['close']> | undefined;
    return {
      httpPort,
      grpcPort,
      stats: () => pool.stats,
      failed: pool.failed,
      close: () => (closing ??= close()),
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
