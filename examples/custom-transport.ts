// Sends the operations of a trace to a function in place of a server: what is measured is that function, with the timing
// of the recording. Run: node custom-transport.ts FILE
import { runReplay, type Transport } from 'engram-trace';

const [path = 'traces/sample.trace.zst'] = process.argv.slice(2);

/** What the operations are played to. */
async function answer(op: string, body: Uint8Array): Promise<{ status: number; bytes: number }> {
  await new Promise((resolve) => setTimeout(resolve, op === 'recall' ? 2 : 1));
  return { status: body.length > 1_000_000 ? 413 : 200, bytes: 16 };
}

const transport: Transport = {
  warmUp: async () => {},
  send(record, _timeScale, listener) {
    let isOver = false;
    listener.onSent();
    void answer(record.op, record.body).then(({ status, bytes }) => {
      if (isOver) return;
      listener.onFirstAnswer();
      listener.onDone({ status, ok: status < 400, failure: undefined, detail: '', responseBytes: bytes });
    });
    // Called where the operation is given up, by a timeout or at the end.
    return () => {
      isOver = true;
      listener.onDone({ status: undefined, ok: false, failure: 'cancelled', detail: '', responseBytes: 0 });
    };
  },
  close: async () => {},
};

// No target is named: all records go to the transport.
const document = await runReplay(path, {}, { transport, replay: { multiplier: 10 } });
const { successful, total } = document.operations;
console.log(`${successful} of ${total} answered, recall p50 ${document.service_latency['recall']?.p50} ms`);
