import { type BlockBuilder, createBlockBuilder } from '../../trace/block/block-builder.ts';
import { addLoss, emptyLoss, type Loss, type TraceHeader } from '../../trace/record/record.ts';
import type { ByteSink } from '../../trace/trace.ts';
import { createFrameWriter, type FrameWriter } from '../../trace/write/frame-writer.ts';
import type { OpLog } from '../op-log/op-log.ts';
import { type RunAlive, surveyRuns } from '../op-log/survey-runs.ts';
import { chooseEpoch, isNear } from '../trace-epoch.ts';
import { earlier, later, type UnixSpan } from '../unix-span.ts';
import { cutBlock } from './cut-block.ts';
import { exportHeader, reachesInto } from './export-header.ts';
import { type BlockPlan, damageOf, type PlannedBlock, planBlocks } from './export-plan.ts';
import { boundsOf, resolveWindow, type WindowRequest, whyEmpty } from './export-window.ts';
import { createBlockChecker, createFramesAhead } from './frames-ahead.ts';
import { gatherLedger } from './op-log-ledger.ts';

export interface ExportOptions extends WindowRequest {
  /** Program and version, for the header. */
  tool: string;
  skipDamaged?: boolean | undefined;
}

/** What an export will do; nothing has been written yet. */
export interface ExportPlan extends BlockPlan {
  readonly window: UnixSpan;
  readonly header: TraceHeader;
  /** One sentence, when there is nothing in the window. */
  readonly emptyBecause: string | undefined;
  readonly skipDamaged: boolean;
  /** Sentences on what is missing and in no count. */
  readonly unknown: readonly string[];
  /** One sentence, where the window had to be narrowed. */
  readonly windowNote: string | undefined;
}

export interface ExportReport {
  records: number;
  blocksCopied: number;
  blocksRewritten: number;
  bytesWritten: number;
  loss: Loss;
}

/** Plans the export of a window from the indexes of a log. Throws `usage` for one that no trace can hold. */
export async function planExport(log: OpLog, options: ExportOptions): Promise<ExportPlan> {
  const skipDamaged = options.skipDamaged ?? false;
  const asked = resolveWindow(log, options);
  const survey = surveyRuns([...log.segments, ...log.skipped], log.untold.map(aliveOf));
  const plan = await planBlocks(log, asked, skipDamaged);
  const used = new Set(plan.blocks.map(({ entry }) => entry));
  const ledger = await gatherLedger(log, boundsOf(options, asked), survey.holes, used);
  const isEmpty = plan.blocks.every(({ entry }) => entry.records === 0);
  const emptyBecause = isEmpty ? whyEmpty(log, asked) : undefined;
  const segments = log.segments.filter((segment) => reachesInto(segment, asked));
  const epochUnixNs = (segments[0] ?? log.segments[0])?.header.epochUnixNs ?? asked.startUnixNs;
  const frame = chooseEpoch(asked, recordedIn(plan.blocks, asked), epochUnixNs);
  const left = log.skipped.map(({ name, reason }) => `segment ${name} was left out: ${reason}`);
  const copies = log.copies.map(({ name, of }) => `segment ${name} was left out: it is a copy of ${of}`);
  const notes = [frame.note, ...left, ...copies, ...ledger.unknown, emptyBecause].filter(
    (note) => note !== undefined,
  );
  const losses = [...plan.losses, ...ledger.losses];
  const header = exportHeader({ tool: options.tool, frame, segments, survey, losses, notes });
  const blocks = plan.blocks.map((block) => near(block, frame.epochUnixNs));
  return {
    ...plan,
    blocks,
    window: frame.window,
    header,
    emptyBecause,
    skipDamaged,
    ...ledger,
    losses,
    windowNote: frame.note,
  };
}

function aliveOf({ runId, sinceUnixNs, untilUnixNs, isEnded }: OpLog['untold'][number]): RunAlive {
  return { runId, sinceUnixNs, untilUnixNs, isEnded };
}

/** The span from the first start to the last one of the blocks that will be written. */
function recordedIn(blocks: readonly PlannedBlock[], window: UnixSpan): UnixSpan | undefined {
  const filled = blocks.filter(({ entry }) => entry.records > 0);
  const [first] = filled;
  if (first === undefined) return undefined;
  const last = filled.map(({ file, entry }) => file.header.epochUnixNs + BigInt(entry.lastStartNs));
  return { startUnixNs: first.firstStartUnixNs, endUnixNs: earlier(last.reduce(later), window.endUnixNs) };
}

/** A block whose own epoch is too far away from the trace's is written again. */
function near(block: PlannedBlock, epochUnixNs: bigint): PlannedBlock {
  return isNear(block.file.header.epochUnixNs, epochUnixNs) ? block : { ...block, use: 'cut' };
}

/**
 * Writes a planned export: whole blocks are copied as they are, those at the edges cut and compressed again. Each is
 * decoded first, by a thread that works a few blocks ahead: the op log may be gone when damage would show elsewhere.
 */
export async function writeExport(
  plan: ExportPlan,
  sink: ByteSink,
  onBlock: (report: ExportReport) => void = () => {},
): Promise<ExportReport> {
  const frames = createFrameWriter(sink, plan.header);
  const builder = createBlockBuilder(plan.header.epochUnixNs);
  const loss = addLoss(emptyLoss(), plan.header.loss);
  const report: ExportReport = { records: 0, blocksCopied: 0, blocksRewritten: 0, bytesWritten: 0, loss };
  const closedNs = plan.header.window?.endNs ?? 0;
  const checker = createBlockChecker(plan.blocks);
  const ahead = createFramesAhead(plan.blocks, checker.check);
  try {
    for (const [number, block] of plan.blocks.entries()) {
      try {
        if (block.use === 'copy') await copy(block, await ahead.take(number), frames, report);
        else await cut(block, plan, builder, frames, report);
      } catch (thrown) {
        // A block without records carries the loss.
        const damage = damageOf(thrown, block.entry, plan.skipDamaged);
        builder.addLoss(damage);
        addLoss(loss, damage);
        await frames.append(builder.close(closedNs));
      }
      report.records = frames.records;
      report.bytesWritten = frames.bytesWritten;
      onBlock(report);
    }
  } finally {
    await checker.close();
  }
  await frames.finish(closedNs);
  report.bytesWritten = frames.bytesWritten;
  return report;
}

async function copy(
  { file, entry }: PlannedBlock,
  frame: Uint8Array,
  frames: FrameWriter,
  report: ExportReport,
): Promise<void> {
  const source = { epochUnixNs: file.header.epochUnixNs, ops: file.index.totals.ops };
  await frames.copy(frame, entry, source);
  report.blocksCopied++;
  addLoss(report.loss, entry.loss);
}

async function cut(
  { file, entry }: PlannedBlock,
  plan: ExportPlan,
  builder: BlockBuilder,
  frames: FrameWriter,
  report: ExportReport,
): Promise<void> {
  const shiftNs = file.header.epochUnixNs - plan.header.epochUnixNs;
  for (const record of await cutBlock(file, entry, plan.window)) {
    builder.add({ ...record, startNs: Number(BigInt(record.startNs) + shiftNs) });
  }
  builder.addLoss(entry.loss);
  await frames.append(builder.close(plan.header.window?.endNs ?? 0));
  report.blocksRewritten++;
  addLoss(report.loss, entry.loss);
}
