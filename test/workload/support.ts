import { readScenario } from '../../src/workload/scenario/read-scenario.ts';
import type { Scenario } from '../../src/workload/scenario/scenario.ts';

/** A scenario of the schema that the older tool reads; `over` replaces or adds lines, by section. */
export const PLAIN = `
name = "Plain"
description = "for a test"

[duration]
total_seconds = 60

[arrival]
pattern = "constant"
rate = 100.0

[operations]
store_weight = 40.0
recall_weight = 50.0
embedding_search_weight = 10.0
pattern_completion_weight = 0.0

[data]
num_nodes = 1000
embedding_dim = 768
memory_spaces = 1

[data.embedding_distribution]
type = "clustered"
num_clusters = 10
std_dev = 0.1

[validation]
expected_p99_latency_ms = 10.0
expected_throughput_ops_sec = 100.0
max_error_rate = 0.001

[chaos]
enabled = false
`;

/** The plain scenario, with fields replaced. */
export function scenarioWith(over: Partial<Scenario>, data: Partial<Scenario['data']> = {}): Scenario {
  const plain = readScenario(PLAIN, 'plain.toml');
  return { ...plain, ...over, data: { ...plain.data, ...data } };
}
