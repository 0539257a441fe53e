import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { replay } from '../replay/engine.ts';
import type { Clock } from '../replay/ports.ts';
import { replayOptions } from '../replay/replay-options.ts';
import { ResultsRecorder } from '../results/results-recorder.ts';
import { emptyRecord, type TraceRecord, unknownOutcome } from '../trace/record.ts';
import { createWireHttpTransport } from '../transports/wire-http/wire-http-transport.ts';

const OPERATIONS = 3000;
const PER_SECOND = 10_000;
const BATCH = 100;
const SESSIONS = 32;
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/**
 * Plays a few thousand operations against a sink inside this process, and throws away what it measured. Code that
 * never ran is slow: without it the first second of a replay leaves late, however well the rest keeps its times.
 * The target sees nothing of it. Takes about half a second; a rehearsal that fails is no reason not to play.
 */
export async function rehearse(clock: Clock): Promise<void> {
  const sink = await startSink();
  const transport = createWireHttpTransport({ origin: new URL(`http://127.0.0.1:${sink.port}`) });
  const observer = new ResultsRecorder({ timeScale: 1 });
  const options = replayOptions({ headStartNs: 0, leadNs: 0, timeoutNs: 1e9, drainNs: 1e9 });
  try {
    await transport.warmUp();
    await replay(() => batches(), options, { clock, observer, transportFor: () => transport });
  } catch {
    // Only speed is lost.
  } finally {
    await transport.close();
    await sink.close();
  }
}

async function* batches(): AsyncGenerator<TraceRecord[]> {
  for (let number = 0; number < OPERATIONS; number += BATCH) {
    yield Array.from({ length: BATCH }, (_, i) => operation(number + i));
  }
}

function operation(number: number): TraceRecord {
  return {
    ...emptyRecord(),
    startNs: Math.round((number / PER_SECOND) * 1e9),
    durationNs: 0,
    session: `rehearsal-${number % SESSIONS}`,
    op: 'rehearsal',
    method: 'GET',
    path: `/${number}`,
    outcome: { ...unknownOutcome(), status: 200 },
  };
}

async function startSink(): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('data', (bytes) => {
      for (let at = bytes.indexOf('\r\n\r\n'); at >= 0; at = bytes.indexOf('\r\n\r\n', at + 4)) {
        socket.write(ANSWER);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
