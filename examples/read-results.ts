// What a results document says of each operation, and whether the run may be believed. Run: node read-results.ts RESULTS
import { readFile } from 'node:fs/promises';
import type { ResultsDocument } from 'engram-trace';

const [path = 'results.json'] = process.argv.slice(2);
const document: ResultsDocument = JSON.parse(await readFile(path, 'utf8'));
const { fidelity, latency, service_latency: service } = document;
for (const [op, { count, p50, p99 }] of Object.entries(service)) {
  console.log(`${op}: ${count} operations, service time p50 ${p50} ms, p99 ${p99} ms`);
}
console.log(`response time p99 ${latency.overall.p99} ms, error rate ${document.summary.error_rate}`);
console.log(
  `the run is ${fidelity.verdict}${fidelity.reasons.map(({ message }) => `: ${message}`).join('')}`,
);
if (fidelity.verdict === 'invalid') process.exitCode = 1;
