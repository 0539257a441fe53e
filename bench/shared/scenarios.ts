import { writeFileSync } from 'node:fs';

/** A scenario that a bench writes: one operation, and how many values its vectors have. */
export interface MadeScenario {
  readonly protocol: 'http' | 'grpc';
  readonly operation: 'store' | 'recall';
  readonly dimension: number;
  readonly isUnique: boolean;
  readonly ratePerSec: number;
  readonly seconds: number;
}

const MADE = {
  /** Recalls by vectors of one value: what a record costs that has next to nothing in it. */
  small: { protocol: 'http', operation: 'recall', dimension: 1, isUnique: false },
  post: { protocol: 'http', operation: 'store', dimension: 768, isUnique: false },
  remember: { protocol: 'grpc', operation: 'store', dimension: 768, isUnique: false },
  'post-unique': { protocol: 'http', operation: 'store', dimension: 768, isUnique: true },
  'remember-unique': { protocol: 'grpc', operation: 'store', dimension: 768, isUnique: true },
} as const;

/** The scenario of this name, without its times. Throws for a name that is none. */
export function madeScenario(name: string): Omit<MadeScenario, 'ratePerSec' | 'seconds'> {
  if (Object.hasOwn(MADE, name)) return MADE[name as keyof typeof MADE];
  throw new Error(`no workload ${name}; there are ${Object.keys(MADE).join(', ')}`);
}

/** Writes it as a file that `run` and `generate` take. */
export function writeScenario(
  file: string,
  { protocol, operation, dimension, isUnique, ratePerSec, seconds }: MadeScenario,
): void {
  writeFileSync(
    file,
    `name = "bench"
protocol = "${protocol}"
[duration]
total_seconds = ${seconds}
[arrival]
pattern = "constant"
rate = ${ratePerSec}
[operations]
store_weight = ${operation === 'store' ? 1 : 0}
recall_weight = ${operation === 'recall' ? 1 : 0}
embedding_search_weight = 0
pattern_completion_weight = 0
[data]
num_nodes = 10000
embedding_dim = ${dimension}
memory_spaces = 1
unique_vectors = ${isUnique}
`,
  );
}
