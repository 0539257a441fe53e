import type { EmbeddingDistribution, Popularity, ScenarioData } from './scenario.ts';
import type { TableReader } from './table-reader.ts';

const MOST_NODES = 1e9;
const MOST_DIMENSIONS = 16_384;
const MOST_SPACES = 10_000;
const MOST_CLUSTERS = 1_000_000;
const MOST_CONTENT_BYTES = 100_000;
/** Its direction alone counts, and the squares of its values have to be numbers. */
const MOST_OF_CENTER = 1_000_000;
const DISTRIBUTIONS = ['clustered', 'uniform', 'hot_spot'] as const;

/** Reads `[data]`. */
export function readData(data: TableReader): ScenarioData {
  const least = data.whole('content_bytes_min', { least: 1, most: MOST_CONTENT_BYTES, otherwise: 60 });
  const read = {
    nodes: data.whole('num_nodes', { least: 0, most: MOST_NODES }),
    dimension: data.whole('embedding_dim', { least: 1, most: MOST_DIMENSIONS }),
    spaces: data.whole('memory_spaces', { least: 1, most: MOST_SPACES }),
    embeddings: readDistribution(data.table('embedding_distribution')),
    duplicates: data.flag('duplicates', false),
    uniqueVectors: data.flag('unique_vectors', false),
    popularity: readPopularity(data, 'popularity'),
    spacePopularity: readPopularity(data, 'space_popularity'),
    leastContentBytes: least,
    mostContentBytes: data.whole('content_bytes_max', {
      least,
      most: MOST_CONTENT_BYTES,
      otherwise: Math.max(200, least),
    }),
  };
  data.refuseOthers();
  return read;
}

function readDistribution(table: TableReader): EmbeddingDistribution {
  const type = table.choice('type', DISTRIBUTIONS, 'clustered');
  const read = distributionOf(table, type);
  table.refuseOthers({ centre: 'the key is center', dim: 'the dimension is data.embedding_dim' });
  return read;
}

function distributionOf(table: TableReader, type: EmbeddingDistribution['type']): EmbeddingDistribution {
  if (type === 'uniform') return { type };
  if (type === 'hot_spot') {
    const center = table.numbers('center');
    if (!center.some((value) => value !== 0)) throw table.error('center', 'has to have a value other than 0');
    if (center.every((value) => Math.abs(value) <= MOST_OF_CENTER)) return { type, center };
    throw table.error('center', `has to have values from -${MOST_OF_CENTER} to ${MOST_OF_CENTER}`);
  }
  return {
    type,
    clusters: table.whole('num_clusters', { least: 1, most: MOST_CLUSTERS, otherwise: 10 }),
    stdDev: table.number('std_dev', { least: 0, most: 1000, otherwise: 0.1 }),
  };
}

/** `uniform`, or `zipf` with an exponent of its own beside it. */
function readPopularity(data: TableReader, key: string): Popularity {
  const kind = data.choice(key, ['uniform', 'zipf'], 'uniform');
  const exponent = data.optionalNumber(`${key}_exponent`, { above: 0, most: 10 });
  if (kind === 'zipf') return { kind, exponent: exponent ?? 1 };
  if (exponent === undefined) return { kind };
  throw data.error(`${key}_exponent`, `belongs to ${key} = "zipf"`);
}
