import { fileURLToPath } from 'node:url';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { replay } from '../../src/replay/engine/engine.ts';
import type { SendOutcome, Transport } from '../../src/replay/ports.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';

/** This file as a program: plays a trace to nobody, `nullReplayCommand(trace, 0)` as fast as it goes. */
export function nullReplayCommand(trace: string, ratePerSec: number): string[] {
  return [process.execPath, fileURLToPath(import.meta.url), '--client', trace, `${ratePerSec}`];
}

const FINE: SendOutcome = { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 0 };
/** Operations between two messages to who started this. */
const TELL_EVERY = 2000;
const LINGER_MS = 1000;

async function client(path: string, ratePerSec: number): Promise<void> {
  const trace = await openTrace(path);
  const observer = new ResultsRecorder({ timeScale: undefined });
  const timing =
    ratePerSec === 0 ? ({ kind: 'asap' } as const) : ({ kind: 'rate', perSec: ratePerSec } as const);
  const { transport, sent } = createNullTransport((count) => process.send?.(count));
  await replay(() => trace.records(), replayOptions({ order: 'open', timing }), {
    clock: createRealClock(),
    observer,
    transportFor: () => transport,
  });
  await trace.close();
  process.send?.(sent());
  // Time for a last look at this process, while it does nothing more.
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  process.disconnect();
}

/** Takes everything, and answers at once. */
function createNullTransport(tell: (sent: number) => void): { transport: Transport; sent(): number } {
  let sent = 0;
  const transport: Transport = {
    warmUp: async () => {},
    close: async () => {},
    send(_record, _timeScale, listener) {
      sent += 1;
      if (sent % TELL_EVERY === 0) tell(sent);
      listener.onSent();
      listener.onDone(FINE);
      return () => {};
    },
  };
  return { transport, sent: () => sent };
}

if (process.argv[2] === '--client') await client(process.argv[3] ?? '', Number(process.argv[4]));
