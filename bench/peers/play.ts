import type { InstalledTool } from './installed-tools.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { monotonicS } from './sink/arrival-log.ts';
import type { Reading, Work } from './tool.ts';

/** One run of a tool, and how much of its work reached the server. */
export interface Played {
  readonly run: ToolRun;
  readonly served: number;
  /** What it says; where it says nothing: what the server saw, and for how long. */
  readonly reading: Reading;
}

/** Who counts at the server. */
export interface Counter {
  served(): Promise<number>;
}

/** Core of the tool that runs; the server has the other. */
const CORE = '0';
/** On top of the work's own time: for starting, reading files, and a busy machine. */
const GRACE_S = 60;
/** What no longer sends has sent all it will. */
const STALLED_S = 3;
/** Of what it says it sent, at the least; and no more of it than the rest may have failed. */
const LEAST_SERVED = 0.99;
/** Of what a tool that failed said, as much as is shown. */
const SAID_CHARS = 500;

/** Runs a tool at the work; undefined where it can't do it. Rejects where it fails, or the server saw too little of it. */
export async function play(tool: InstalledTool, work: Work, counter: Counter): Promise<Played | undefined> {
  const command = tool.command(work);
  if (command === undefined) return undefined;
  const watch = await startWatch(work, counter);
  const limitS = GRACE_S + (work.pace.kind === 'count' ? 0 : work.pace.seconds);
  const isOver = tool.isEndless ? { isOver: watch.isOver } : {};
  const run = await runTool(command, { cores: CORE, limitS, ...isOver });
  const { served, seconds } = await watch.end();
  const output = tool.report === undefined ? run.stdout : await outputOfReport(tool.report(work));
  const reading = readingOf(tool, output || run.stderr) ?? { answered: served, failed: 0, seconds };
  const wanted = tool.isEndless ? work.plan.gorCount : reading.answered + reading.failed;
  if (served === 0 || served < wanted * LEAST_SERVED || reading.failed > served * (1 - LEAST_SERVED)) {
    const said = (run.stderr || run.stdout).slice(0, SAID_CHARS);
    throw new Error(
      `${served} of ${wanted} arrived, ${reading.failed} failed: ${command.join(' ')}: ${said}`,
    );
  }
  return { run, served, reading };
}

function readingOf(tool: InstalledTool, output: string): Reading | undefined {
  try {
    return tool.read(output);
  } catch {
    throw new Error(`${tool.name} said what is not understood: ${output.slice(0, SAID_CHARS)}`);
  }
}

async function outputOfReport(command: readonly string[]): Promise<string> {
  return (await runTool(command, { cores: 'all', limitS: GRACE_S })).stdout;
}

/** Follows what the server counts, to know when nothing more comes. */
async function startWatch(work: Work, counter: Counter) {
  const before = await counter.served();
  let served = 0;
  let firstS: number | undefined;
  let lastS = 0;
  const look = async (): Promise<void> => {
    const now = (await counter.served()) - before;
    if (now === served) return;
    served = now;
    lastS = monotonicS();
    firstS ??= lastS;
  };
  return {
    isOver: async (): Promise<boolean> => {
      await look();
      return served >= work.plan.gorCount || (firstS !== undefined && monotonicS() - lastS > STALLED_S);
    },
    end: async (): Promise<{ served: number; seconds: number }> => {
      await look();
      return { served, seconds: lastS - (firstS ?? lastS) };
    },
  };
}
