// Replays a trace without its listings and with each remember twice, ten times as fast, against a server that is
// started for it. Run: node transform-and-replay.ts FILE RESULTS
import { createDevServer, mapTrace, openTrace, runReplay } from 'engram-trace';

const [path = 'traces/sample.trace.zst', output = 'results.json'] = process.argv.slice(2);
const server = await createDevServer();
const recorded = await openTrace(path);
const trace = mapTrace(recorded, (record) => {
  if (record.op.startsWith('list')) return undefined;
  // A copy is a client of its own, and a microsecond later.
  const copy = { ...record, startNs: record.startNs + 1000, session: `${record.session}-copy` };
  return record.op === 'remember' ? [record, copy] : record;
});
const document = await runReplay(
  trace,
  { http: `:${server.httpPort}`, grpc: `:${server.grpcPort}` },
  { output, force: true, allowOrigin: true, replay: { multiplier: 10 } },
);
await trace.close();
await server.close();
console.log(`${document.operations.total} operations, ${document.operations.failed} failed`);
console.log(`p99 ${document.latency.overall.p99} ms, the run is ${document.fidelity.verdict}`);
