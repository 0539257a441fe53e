import { EngramTraceError } from '../../error.ts';
import type { BlockCursor } from '../block/block-cursor.ts';
import { type BlockAccess, mergeBlocks } from '../block/merge-blocks.ts';
import { blocksBetween, type NumberedBlock } from '../block/numbered-blocks.ts';
import { MalformedError } from '../bytes/wire-reader.ts';
import { damagedBlock, damagedRange } from '../frames/damage.ts';
import type { Loss, TraceRecord } from '../record/record.ts';
import type { BlockEntry } from '../stats/trace-index.ts';
import type { ReadOptions } from '../trace.ts';
import type { TraceFile, Unpack } from './trace-file.ts';
import type { RawBlock } from './unpack-block.ts';

/**
 * Records of an open file in order. What is met that is damaged is an error, or with `skip` added to `loss`. With an
 * `unpack` that works elsewhere, the next block is read and decompressed while the one before is passed on.
 */
export async function* readBlocks(
  file: TraceFile,
  options: ReadOptions,
  loss: Loss,
  unpack?: Unpack,
): AsyncGenerator<TraceRecord[]> {
  const skip = options.onDamage === 'skip';
  const damage = skip ? undefined : file.damaged[0];
  if (skip) loss.blocksDamaged += file.damaged.length;
  const { blocks } = file.index;
  // What is whole comes first, then the error.
  const whole = damage ? blocks.filter((entry) => entry.offset < damage.offset) : blocks;
  const plan = blocksBetween(whole, options.fromNs, options.toNs);
  const access = createAccess(file, skip ? loss : undefined, unpack);
  try {
    yield* mergeBlocks(plan, access, { ...options, placed: options.placed || options.recycled });
  } finally {
    access.close();
  }
  if (damage) throw damagedRange(file.name, damage);
}

/** So many blocks are decompressed ahead: where blocks overlap, the next one may change after it was made ready. */
const MOST_AHEAD = 2;

/** Without a ledger the first damage is an error; with one it is counted there. */
function createAccess(
  file: TraceFile,
  ledger: Loss | undefined,
  unpack: Unpack | undefined,
): BlockAccess & { close(): void } {
  const ahead = new Map<BlockEntry, Promise<RawBlock>>();
  const count = (records: number) => {
    if (!ledger) return;
    ledger.blocksDamaged++;
    ledger.recordsDamaged += records;
  };
  return {
    prepare({ entry }) {
      if (unpack === undefined || ahead.size >= MOST_AHEAD || ahead.has(entry)) return;
      const raw = file.readRaw(entry, unpack);
      // Told when it is opened, if it is.
      raw.catch(() => {});
      ahead.set(entry, raw);
    },
    async open({ entry }) {
      const raw = ahead.get(entry) ?? file.readRaw(entry, unpack);
      ahead.delete(entry);
      try {
        return await file.openBlock(entry, raw);
      } catch (error) {
        if (!ledger || !(error instanceof EngramTraceError) || error.code !== 'corrupt') throw error;
        count(entry.records);
        return undefined;
      }
    },
    advance(block, cursor) {
      try {
        cursor.advance();
        if (!cursor.current) checkEnd(cursor, block.entry);
      } catch (error) {
        const rest = block.entry.records - cursor.position;
        cursor.lease?.giveBack(rest);
        if (!ledger) throw damagedRecord(file.name, block, cursor, error);
        count(rest);
      }
    },
    close() {
      for (const [{ records }, raw] of ahead) void raw.then(({ lease }) => lease?.giveBack(records), ignore);
    },
  };
}

/** Damage of a block that nobody came to. */
function ignore(): void {}

function checkEnd(cursor: BlockCursor, entry: BlockEntry): void {
  if (cursor.decodedNs === entry.lastStartNs) return;
  throw new MalformedError(`it ends at ${cursor.decodedNs} ns, the index says ${entry.lastStartNs}`);
}

function damagedRecord(name: string, { entry, number }: NumberedBlock, cursor: BlockCursor, error: unknown) {
  return damagedBlock(name, { number, offset: entry.offset, record: cursor.position }, error);
}
