// How many operations of each kind a trace holds. Run: node count-per-op.ts FILE
import { openTrace } from 'engram-trace';

const [path = 'traces/sample.trace.zst'] = process.argv.slice(2);
const trace = await openTrace(path);
const counts = new Map<string, number>();
for await (const batch of trace.records()) {
  for (const { op } of batch) counts.set(op, (counts.get(op) ?? 0) + 1);
}
await trace.close();
for (const [op, count] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${count}\t${op}`);
