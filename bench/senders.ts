import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultsDocument } from '../src/results/results-document.ts';
import { createTraceWriter } from '../src/trace/create-trace-writer.ts';
import { createFileSink } from '../src/trace/file-sink.ts';
import { emptyHeader } from '../src/trace/record.ts';
import { nginxMissing, startNginx } from '../test/support/nginx.ts';
import { median, smallRecords, withFolder } from './support.ts';

const PROGRAM = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const COUNTS = [1, 2];
const GAP_NS = 50_000;
const RECORDS = 400_000;
const STEP_SECONDS = 3;
const FIRST_RATE = 4000;
const REFINEMENTS = 2;
const FIXED_RATES = [1000, 5000, 10_000];
const ROUNDS = 3;

/** The target shares the machine, and sessions wait for its answers: neither is the generator's doing. */
const NOT_OURS = new Set(['cpu_pressure', 'steal', 'clock_stepped']);

interface Step {
  ratePerSec: number;
  holds: boolean;
  sentPerSec: number;
  cpuUsPerOp: number;
  rssMb: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
  reasons: string[];
}

/** Highest rate that stays valid, CPU per operation and memory, for one sender (all in one thread) and two. */
export async function run(): Promise<void> {
  console.log(`load of this machine (1, 5, 15 min): ${loadavg().map((load) => load.toFixed(1))}`);
  const missing = nginxMissing();
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`);
    return;
  }
  const nginx = await startNginx('location / { return 200 "a small answer"; }', { core: 1 });
  try {
    await withFolder(async (folder) => {
      const trace = join(folder, 'small.trace.zst');
      await writeTrace(trace);
      const play = (senders: number, rate: number) => replayAt({ trace, port: nginx.port, senders, rate });
      await atFixedRates(play);
      for (const senders of COUNTS) await highest(senders, play);
    });
  } finally {
    await nginx.stop();
  }
}

type Play = (senders: number, ratePerSec: number) => Promise<Step>;

async function writeTrace(path: string): Promise<void> {
  const writer = createTraceWriter(await createFileSink(path, { force: true }), {
    ...emptyHeader(),
    dialect: 'engram',
  });
  for (const batch of smallRecords(RECORDS, GAP_NS)) await writer.write(batch);
  await writer.finish();
}

/** By turns, so that a slow minute of the machine is everyone's. */
async function atFixedRates(play: Play): Promise<void> {
  for (const rate of FIXED_RATES) {
    const found = new Map(COUNTS.map((senders) => [senders, [] as Step[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const senders of COUNTS) found.get(senders)?.push(await play(senders, rate));
    }
    for (const [senders, steps] of found)
      console.log(`${rate}/s, ${senders} sender(s): ${lineOf(middle(steps))}`);
  }
}

function middle(steps: readonly Step[]): Step {
  const of = (pick: (step: Step) => number): number => median(steps.map(pick));
  return {
    ...(steps[0] as Step),
    sentPerSec: of(({ sentPerSec }) => sentPerSec),
    cpuUsPerOp: of(({ cpuUsPerOp }) => cpuUsPerOp),
    rssMb: of(({ rssMb }) => rssMb),
    p50Us: of(({ p50Us }) => p50Us),
    p99Us: of(({ p99Us }) => p99Us),
    maxUs: of(({ maxUs }) => maxUs),
    reasons: [...new Set(steps.flatMap(({ reasons }) => reasons))],
  };
}

async function highest(senders: number, play: Play): Promise<void> {
  // One hiccup of the machine is no limit: what does not hold gets a second try.
  const holds = async (rate: number): Promise<Step | undefined> => {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const step = await play(senders, rate);
      console.log(`  ${senders} sender(s) at ${rate}/s: ${step.holds ? 'holds' : 'fails'}, ${lineOf(step)}`);
      if (step.holds) return step;
    }
    return undefined;
  };
  let best: Step | undefined;
  let failed = Infinity;
  for (let rate = FIRST_RATE; failed === Infinity && rate * STEP_SECONDS <= RECORDS; rate *= 1.5) {
    const step = await holds(Math.round(rate));
    if (step === undefined) failed = rate;
    else best = step;
  }
  for (let i = 0; i < REFINEMENTS && best !== undefined && failed !== Infinity; i += 1) {
    const rate: number = Math.round((best.ratePerSec + failed) / 2);
    const step = await holds(rate);
    if (step === undefined) failed = rate;
    else best = step;
  }
  if (best === undefined) console.log(`${senders} sender(s): not even ${FIRST_RATE}/s is valid here`);
  else {
    const each = Math.round(best.ratePerSec / senders);
    console.log(
      `${senders} sender(s): highest valid rate ${best.ratePerSec}/s, ${each}/s each; ${lineOf(best)}`,
    );
  }
}

function lineOf({ sentPerSec, cpuUsPerOp, rssMb, p50Us, p99Us, maxUs, reasons }: Step): string {
  const error = `send error p50 ${p50Us.toFixed(0)} p99 ${p99Us.toFixed(0)} max ${maxUs.toFixed(0)} us`;
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return `sent ${sentPerSec.toFixed(0)}/s, ${cpuUsPerOp.toFixed(1)} us CPU/op, ${rssMb.toFixed(0)} MB, ${error}${why}`;
}

async function replayAt(what: { trace: string; port: number; senders: number; rate: number }): Promise<Step> {
  const { trace, port, senders, rate } = what;
  const operations = rate * STEP_SECONDS;
  const flags = [
    ...[
      '--trace',
      trace,
      '--to',
      `${Math.round((operations * GAP_NS) / 1000)}us`,
      '--timing',
      `rate=${rate}`,
    ],
    ...['--order', 'open', '--endpoint', `http://127.0.0.1:${port}`, '--transport', 'wire'],
    ...['--senders', String(senders), '--quiet'],
  ];
  const child = spawn(process.execPath, [PROGRAM, 'replay', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  let peakKb = 0;
  const timer = setInterval(() => {
    peakKb = Math.max(peakKb, residentPeakKb(child.pid ?? 0));
  }, 100);
  await once(child, 'close');
  clearInterval(timer);
  return stepOf(JSON.parse(Buffer.concat(chunks).toString()), rate, peakKb / 1024);
}

function stepOf(
  { summary, fidelity, send_error_us }: ResultsDocument,
  ratePerSec: number,
  rssMb: number,
): Step {
  const { cpu } = fidelity.generator;
  const reasons = fidelity.reasons.map(({ code }) => code);
  const cpuSeconds = (cpu?.user_secs ?? 0) + (cpu?.system_secs ?? 0);
  return {
    ratePerSec,
    holds: reasons.every((code) => NOT_OURS.has(code)),
    sentPerSec: summary.sent_ops_sec ?? 0,
    cpuUsPerOp: (cpuSeconds * 1e6) / summary.total_operations,
    rssMb,
    p50Us: send_error_us.p50 ?? 0,
    p99Us: send_error_us.p99 ?? 0,
    maxUs: send_error_us.max ?? 0,
    reasons,
  };
}

function residentPeakKb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
