import { EngramTraceError } from '../../error.ts';
import { damagedRange } from '../../trace/frames/damage.ts';
import type { TraceFile } from '../../trace/read/trace-file.ts';
import { emptyLoss, hasLoss, type Loss } from '../../trace/record/record.ts';
import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { OpLog } from '../op-log/op-log.ts';
import { compareTimes, type UnixSpan } from '../unix-span.ts';
import { cutBlock } from './cut-block.ts';

/** One block of the output: a frame copied as it is, or decoded and cut at the window's edge. */
export interface PlannedBlock {
  readonly use: 'copy' | 'cut';
  readonly file: TraceFile;
  /** Name of the segment, for messages. */
  readonly name: string;
  readonly entry: BlockEntry;
  /** The first start of the records that are left of the block. */
  readonly firstStartUnixNs: bigint;
}

export interface BlockPlan {
  /** In the order of their first starts, as a sorted trace needs them. */
  readonly blocks: readonly PlannedBlock[];
  /** The losses that damaged parts lead to, which are left out. */
  readonly losses: readonly Loss[];
}

/**
 * Decides block by block from the indexes alone. Only blocks that reach over an edge of the window are read, since
 * only their records can tell where what is left of them starts.
 */
export async function planBlocks(log: OpLog, window: UnixSpan, skipDamaged: boolean): Promise<BlockPlan> {
  const blocks: PlannedBlock[] = [];
  const losses: Loss[] = [];
  for (const { file, name } of log.segments) {
    if (file === undefined) continue;
    losses.push(...damageBetweenBlocks(file, skipDamaged));
    for (const entry of file.index.blocks) {
      const use = useOf(file, entry, window);
      if (use === 'leave') continue;
      const firstStartUnixNs = file.header.epochUnixNs + BigInt(entry.firstStartNs);
      const block = { use, file, name, entry, firstStartUnixNs };
      const planned = use === 'copy' ? block : await measured(block, window, skipDamaged, losses);
      if (planned !== undefined) blocks.push(planned);
    }
  }
  blocks.sort((a, b) => compareTimes(a.firstStartUnixNs, b.firstStartUnixNs));
  return { blocks, losses };
}

function useOf(file: TraceFile, entry: BlockEntry, window: UnixSpan): 'copy' | 'cut' | 'leave' {
  const firstUnixNs = file.header.epochUnixNs + BigInt(entry.firstStartNs);
  const lastUnixNs = file.header.epochUnixNs + BigInt(entry.lastStartNs);
  if (entry.records === 0 && !hasLoss(entry.loss)) return 'leave';
  if (lastUnixNs < window.startUnixNs || firstUnixNs >= window.endUnixNs) return 'leave';
  return firstUnixNs >= window.startUnixNs && lastUnixNs < window.endUnixNs ? 'copy' : 'cut';
}

/** Where the part of a block that lies in the window starts; undefined when nothing does. */
async function measured(
  block: PlannedBlock & { use: 'copy' | 'cut' },
  window: UnixSpan,
  skipDamaged: boolean,
  losses: Loss[],
): Promise<PlannedBlock | undefined> {
  try {
    const [first] = await cutBlock(block.file, block.entry, window);
    if (first !== undefined) {
      return { ...block, firstStartUnixNs: block.file.header.epochUnixNs + BigInt(first.startNs) };
    }
  } catch (thrown) {
    losses.push(damageOf(thrown, block.entry, skipDamaged));
  }
  return undefined;
}

/** Lists the damage that a scan of a segment without an index found; how many records it cost is not known. */
function damageBetweenBlocks(file: TraceFile, skipDamaged: boolean): Loss[] {
  const [first] = file.damaged;
  if (first === undefined) return [];
  if (!skipDamaged) throw damagedRange(file.name, first);
  return [{ ...emptyLoss(), blocksDamaged: file.damaged.length }];
}

/** The loss that a damaged block means; any other error, and damage that may not be skipped, is thrown on. */
export function damageOf(thrown: unknown, entry: BlockEntry, skipDamaged: boolean): Loss {
  const isDamage = thrown instanceof EngramTraceError && thrown.code === 'corrupt';
  if (!isDamage || !skipDamaged) throw thrown;
  return { ...emptyLoss(), blocksDamaged: 1, recordsDamaged: entry.records };
}
