import { readLoss } from '../block/header-decoder.ts';
import { MalformedError, WireReader } from '../bytes/wire-reader.ts';
import { emptyLoss } from '../record/record.ts';
import { boundStats, createBlockStats } from '../stats/block-stats.ts';
import { readBlockStats } from '../stats/block-stats-decoder.ts';
import { boundCounts, boundNames } from '../stats/op-numbers.ts';
import type { BlockEntry, Totals, TraceIndex } from '../stats/trace-index.ts';

/** Decodes an Index message; throws a MalformedError. The statistics of blocks stay views of `bytes`. */
export function decodeIndex(bytes: Uint8Array): TraceIndex {
  const reader = new WireReader(bytes);
  const blocks: BlockEntry[] = [];
  let totals: Totals | undefined;
  let closedNs = 0;
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 10) totals = readTotals(reader);
    else if (tag === 18) blocks.push(readEntry(reader));
    else if (tag === 24) closedNs = reader.integer();
    else reader.skip(tag);
  }
  if (!totals) throw new MalformedError('an index without totals');
  return { totals, blocks, closedNs };
}

/** Decodes the totals alone: they come first, and the time it takes does not grow with the number of blocks. */
export function decodeTotals(bytes: Uint8Array): Totals {
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 10) return readTotals(reader);
    reader.skip(tag);
  }
  throw new MalformedError('an index without totals');
}

const NO_STATS = new Uint8Array(0);

function readEntry(reader: WireReader): BlockEntry {
  const entry: BlockEntry = {
    offset: 0,
    compressedBytes: 0,
    rawBytes: 0,
    records: 0,
    firstStartNs: 0,
    lastStartNs: 0,
    loss: emptyLoss(),
    opCounts: [],
    stats: NO_STATS,
  };
  const outerEnd = reader.end;
  reader.end = reader.nested();
  while (reader.pos < reader.end) readEntryField(reader, reader.varint(), entry);
  reader.end = outerEnd;
  entry.opCounts = boundCounts(entry.opCounts);
  return entry;
}

// No closure here: a trace of 10 GB has ten thousand entries.
function readEntryField(reader: WireReader, tag: number, entry: BlockEntry): void {
  if (tag === 8) entry.offset = reader.varint();
  else if (tag === 16) entry.compressedBytes = reader.varint();
  else if (tag === 24) entry.rawBytes = reader.varint();
  else if (tag === 32) entry.records = reader.varint();
  else if (tag === 40) entry.firstStartNs = reader.integer();
  else if (tag === 48) entry.lastStartNs = reader.integer();
  else if (tag === 58) entry.loss = readLoss(reader);
  else if (tag === 66 || tag === 64) reader.numbers(tag, entry.opCounts);
  else if (tag === 74) entry.stats = reader.view();
  else reader.skip(tag);
}

function readTotals(reader: WireReader): Totals {
  const totals: Totals = {
    records: 0,
    rawBytes: 0,
    firstStartNs: 0,
    lastStartNs: 0,
    loss: emptyLoss(),
    ops: [],
    stats: createBlockStats(),
    dispersion10Ms: 0,
    dispersion100Ms: 0,
    timelineStepNs: 0,
    timeline: [],
  };
  reader.message((tag) => {
    if (tag === 8) totals.records = reader.varint();
    else if (tag === 16) totals.rawBytes = reader.varint();
    else if (tag === 24) totals.firstStartNs = reader.integer();
    else if (tag === 32) totals.lastStartNs = reader.integer();
    else if (tag === 42) totals.loss = readLoss(reader);
    else if (tag === 50) totals.ops.push(reader.text());
    else if (tag === 58) totals.stats = readBlockStats(reader).stats;
    else if (tag === 65) totals.dispersion10Ms = reader.double();
    else if (tag === 73) totals.dispersion100Ms = reader.double();
    else if (tag === 80) totals.timelineStepNs = reader.varint();
    else if (tag === 90 || tag === 88) reader.numbers(tag, totals.timeline);
    else reader.skip(tag);
  });
  totals.ops = boundNames(totals.ops);
  totals.stats = boundStats(totals.stats);
  return totals;
}
