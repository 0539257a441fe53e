import { decodeHistogram } from '../../results/histogram/hdr-library.ts';
import { digestOf } from '../measure/histogram-buckets.ts';
import { errorKey } from './expect-counts.ts';
import { changeKey } from './expect-status-classes.ts';

/** Where a document has encoded histograms. */
const HISTOGRAM = /^histograms\.[^.]+\.|^(op_)?windows\b.*\]\.histogram$/s;

/** Every number, name and truth of a document, by path. */
export type Leaves = Map<string, unknown>;

/**
 * Takes a document apart. Entries of lists are named by what they are about (`windows[3]` by its start, `errors[…]`,
 * `fidelity.reasons[drift]`), and histograms are decoded: their counts, percentiles and a digest
 * of all their buckets are leaves.
 */
export function leavesOf(document: unknown): Leaves {
  const leaves: Leaves = new Map();
  walk(leaves, '', document);
  return leaves;
}

function walk(leaves: Leaves, path: string, value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach((each, i) => {
      add(leaves, `${path}[${entryName(path, each, i)}]`, each);
    });
    return;
  }
  if (typeof value !== 'object' || value === null) {
    leaves.set(path, value);
    return;
  }
  for (const [name, each] of Object.entries(value)) {
    const inner = path === '' ? name : `${path}.${name}`;
    if (HISTOGRAM.test(inner) && typeof each === 'string') addHistogram(leaves, inner, each);
    else walk(leaves, inner, each);
  }
}

/** Two entries of one name would hide each other. */
function add(leaves: Leaves, path: string, value: unknown): void {
  let name = path;
  while (leaves.has(`${name}.`)) name += ' again';
  leaves.set(`${name}.`, undefined);
  walk(leaves, name, value);
}

function entryName(path: string, entry: unknown, index: number): string {
  const { code, op, start_s, recorded, replayed } = (entry ?? {}) as Record<string, unknown>;
  if (path === 'errors') return errorKey(withoutStatusName(String(code)), String(op));
  if (path === 'status_classes.changes') return changeKey(String(op), String(recorded), String(replayed));
  if (path === 'windows' || path.startsWith('op_windows.')) return String(start_s);
  return path === 'fidelity.reasons' ? String(code) : String(index);
}

/** `grpc_14_unavailable` is `grpc_14`, and the words are for people. */
function withoutStatusName(code: string): string {
  return /^grpc_\d+/.exec(code)?.[0] ?? code;
}

function addHistogram(leaves: Leaves, path: string, base64: string): void {
  try {
    const { count, percentileNs, buckets } = decodeHistogram(base64);
    leaves.set(`${path}.count`, count);
    for (const percentile of [50, 90, 99, 100]) {
      leaves.set(`${path}.p${percentile}_ns`, count === 0 ? 0 : percentileNs(percentile));
    }
    leaves.set(`${path}.buckets`, digestOf(buckets()));
  } catch {
    leaves.set(`${path}.count`, 'not a histogram');
  }
}
