import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyRecord, NO_BYTES, type TraceRecord, unknownOutcome } from '../src/trace/record/record.ts';
import { withCleanUp } from './shared/clean-up.ts';
import { processFigures } from './shared/process-figures.ts';
import { cpuOf, outputOf } from './shared/run-child.ts';

const HEADERS = [
  'host',
  '127.0.0.1:7432',
  'content-type',
  'application/json',
  'user-agent',
  'bench',
  'accept',
  '*/*',
];
const BATCH = 256;

/** Mulberry32, so that each run has the same trace. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` small records: reads and writes of 200 clients, `gapNs` apart on average. */
export function* smallRecords(count: number, gapNs = 50_000): Generator<TraceRecord[]> {
  const random = createRandom(1);
  let startNs = 0;
  for (let done = 0; done < count; done += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - done) }, (_, i) => {
      startNs += Math.floor(random() * 2 * gapNs);
      return smallRecord(startNs, done + i, random);
    });
  }
}

function smallRecord(startNs: number, number: number, random: () => number): TraceRecord {
  const isWrite = random() < 0.3;
  const word = Math.floor(random() * 1e6).toString(36);
  return {
    ...emptyRecord(),
    startNs,
    durationNs: 200_000 + Math.floor(random() * 5_000_000),
    session: `10.0.0.1:${40_000 + Math.floor(random() * 200)}`,
    op: isWrite ? 'remember' : 'recall',
    space: 'default',
    method: isWrite ? 'POST' : 'GET',
    path: isWrite ? '/api/v1/memories' : `/api/v1/memories/recall?query=${word}`,
    headers: HEADERS,
    body: isWrite
      ? bytesOf(`{"content":"note ${number} about ${word}","confidence":${random().toFixed(3)}}`)
      : NO_BYTES,
    outcome: { ...unknownOutcome(), status: 200, responseBytes: 100 + (number % 400), responseCrc32: number },
  };
}

/** Records with an embedding of 768 floats as JSON, about 8 KB each. */
export function* embeddingRecords(count: number, gapNs = 500_000): Generator<TraceRecord[]> {
  const random = createRandom(2);
  for (const batch of smallRecords(count, gapNs)) {
    for (const record of batch) {
      const embedding = Array.from({ length: 768 }, () => (random() * 2 - 1).toFixed(7));
      record.body = bytesOf(`{"content":"x","embedding":[${embedding.join(',')}]}`);
    }
    yield batch;
  }
}

function bytesOf(text: string): Uint8Array {
  const buffer = Buffer.from(text);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Gives `action` an empty folder of its own, and removes it afterwards, also when a signal ends the bench. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-trace-bench-'));
  return withCleanUp(
    () => rm(folder, { recursive: true, force: true }),
    () => action(folder),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** CPU seconds (user and system) this process spends in `action`. */
export async function cpuSeconds(action: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** CPU seconds of a command of the shell, its output thrown away. */
export async function cpuSecondsOf(command: string): Promise<number> {
  return (await cpuOf(`${command} >/dev/null`)).cpuSeconds;
}

/** Runs this bench's file again with `args`; resolves with the peak resident memory in MB. */
export async function peakMemoryOf(script: URL, args: readonly string[]): Promise<number> {
  let peakMb = 0;
  let timer: NodeJS.Timeout | undefined;
  const onStart = ({ pid = 0 }: ChildProcess): void => {
    timer = setInterval(() => {
      peakMb = Math.max(peakMb, processFigures(pid).peakMb);
    }, 50);
  };
  await outputOf([process.execPath, script.pathname, ...args], { onStart }).finally(() =>
    clearInterval(timer),
  );
  return peakMb;
}

/** One line: what was measured, the budget, and whether it holds. */
export function report(what: string, value: number, budget: number, unit: string): void {
  const verdict = value <= budget ? 'ok' : 'OVER';
  console.log(
    `${what.padEnd(58)} ${value.toFixed(2)} ${unit}, budget ${budget.toFixed(2)} ${unit}  ${verdict}`,
  );
  if (value > budget) process.exitCode = 1;
}
