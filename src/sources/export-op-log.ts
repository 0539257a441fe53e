import { type BlockBuilder, createBlockBuilder } from '../trace/block-builder.ts';
import { createFrameWriter, type FrameWriter } from '../trace/frame-writer.ts';
import { addLoss, emptyLoss, type Loss, type TraceHeader } from '../trace/record.ts';
import type { ByteSink } from '../trace/trace.ts';
import { cutBlock } from './cut-block.ts';
import { exportHeader } from './export-header.ts';
import { type BlockPlan, damageOf, type PlannedBlock, planBlocks } from './export-plan.ts';
import { resolveWindow, type WindowRequest, whyEmpty } from './export-window.ts';
import type { OpLog } from './op-log.ts';
import type { UnixSpan } from './unix-span.ts';

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
}

export interface ExportReport {
  records: number;
  blocksCopied: number;
  blocksRewritten: number;
  bytesWritten: number;
  loss: Loss;
}

/** Plans the export of a window from the indexes of a log. */
export async function planExport(log: OpLog, options: ExportOptions): Promise<ExportPlan> {
  const skipDamaged = options.skipDamaged ?? false;
  const window = resolveWindow(log, options);
  const plan = await planBlocks(log, window, skipDamaged);
  const isEmpty = plan.blocks.every(({ entry }) => entry.records === 0);
  const emptyBecause = isEmpty ? whyEmpty(log, window) : undefined;
  const notes = log.skipped.map(({ name, reason }) => `segment ${name} was left out: ${reason}`);
  if (emptyBecause !== undefined) notes.push(emptyBecause);
  const header = exportHeader(log, window, options.tool, notes, plan.losses);
  return { ...plan, window, header, emptyBecause, skipDamaged };
}

/**
 * Writes a planned export: whole blocks are copied as they are, those at the edges cut and compressed again. Memory
 * holds one block at a time. A copied block keeps its checksum, so damage in it shows when it is read.
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
  for (const block of plan.blocks) {
    try {
      if (block.use === 'copy') await copy(block, frames, report);
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
  await frames.finish(closedNs);
  report.bytesWritten = frames.bytesWritten;
  return report;
}

async function copy({ file, entry }: PlannedBlock, frames: FrameWriter, report: ExportReport): Promise<void> {
  const source = { epochUnixNs: file.header.epochUnixNs, ops: file.index.totals.ops };
  await frames.copy(await file.readFrame(entry), entry, source);
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
  const shiftNs = Number(file.header.epochUnixNs - plan.header.epochUnixNs);
  for (const record of await cutBlock(file, entry, plan.window)) {
    builder.add({ ...record, startNs: record.startNs + shiftNs });
  }
  builder.addLoss(entry.loss);
  await frames.append(builder.close(plan.header.window?.endNs ?? 0));
  report.blocksRewritten++;
  addLoss(report.loss, entry.loss);
}
