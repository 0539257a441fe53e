import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { constantStarts } from '../shared/arrivals.ts';
import { framedMessage } from '../shared/framed-message.ts';
import { writeBody } from '../shared/load-tools.ts';
import { type RecordOf, WORKLOADS } from '../shared/workloads.ts';
import { writeTrace } from '../shared/write-trace.ts';
import type { Plan, Work } from './tool.ts';

const KIB = 1024;

/** What may be sent: how it is called in tables, and its records. */
export const REQUESTS = {
  get: { kind: 'get', title: 'GET', recordOf: WORKLOADS['http-small'] },
  'post-1k': { kind: 'post', title: 'POST 1 KB', recordOf: postsOf(KIB) },
  'post-8k': { kind: 'post', title: 'POST 8 KB', recordOf: WORKLOADS['http-8k'] },
  'grpc-3k': { kind: 'grpc', title: 'gRPC 3 KB', recordOf: WORKLOADS['grpc-3k'] },
} as const satisfies Readonly<
  Record<string, { kind: Work['kind']; title: string; recordOf: () => RecordOf }>
>;

export type RequestName = keyof typeof REQUESTS;

/** How many, how far apart, from how many sessions, and to which port. */
export interface PlanShape {
  readonly count: number;
  readonly ratePerSec: number;
  readonly sessions: number;
  readonly port: number;
  /** Only so many for GoReplay, which takes long. */
  readonly gorCount?: number;
}

/** Writes the same requests in the form of each tool that reads files. */
export async function writePlan(folder: string, name: RequestName, shape: PlanShape): Promise<Plan> {
  const recordOf = sessionsOf(REQUESTS[name].recordOf(), shape.sessions);
  const starts = [...constantStarts(shape.ratePerSec, shape.count / shape.ratePerSec)];
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  await writeTrace(file('trace.zst'), starts, recordOf);
  const first = recordOf(0);
  const plan: Plan = {
    count: starts.length,
    path: first.path,
    trace: file('trace.zst'),
    gorCount: shape.gorCount ?? starts.length,
    ...{ gor: file('gor'), targets: file('json'), target: file('http') },
    body: first.body.length === 0 ? '' : writeBody(folder, framedBody(first)),
    message: file('message'),
    scratch: file('out'),
  };
  writeFileSync(plan.message, bodyWithoutTemplates(recordOf));
  if (first.protocol === 'grpc') return plan;
  const url = `http://127.0.0.1:${shape.port}`;
  writeFileSync(plan.target, `${first.method} ${url}${first.path}\n${plan.body && `@${plan.body}\n`}`);
  writeAll(plan.gor, starts.slice(0, plan.gorCount), (number, startNs) =>
    gorText(recordOf(number), number, startNs),
  );
  writeAll(plan.targets, starts, (number) => vegetaText(recordOf(number), url));
  return plan;
}

/** The first body that ghz takes as it stands: two braces begin a template for it. */
function bodyWithoutTemplates(recordOf: RecordOf): Uint8Array {
  for (let number = 0; ; number += 1) {
    const { body } = recordOf(number);
    if (!Buffer.from(body).includes('{{')) return body;
  }
}

function sessionsOf(recordOf: RecordOf, sessions: number): RecordOf {
  return (number) => ({ ...recordOf(number), session: `s${number % sessions}` });
}

function framedBody({ protocol, body }: TraceRecord): Buffer {
  if (protocol !== 'grpc') return Buffer.from(body);
  const framed = framedMessage(body.length);
  framed.set(body, 5);
  return framed;
}

/** A few hundred at a time: one by one would be as many calls of the system. */
function writeAll(
  file: string,
  starts: readonly number[],
  textOf: (i: number, startNs: number) => string,
): void {
  const descriptor = openSync(file, 'w');
  for (let from = 0; from < starts.length; from += 256) {
    const texts = starts.slice(from, from + 256).map((startNs, i) => textOf(from + i, startNs));
    writeSync(descriptor, texts.join(''));
  }
  closeSync(descriptor);
}

/** GoReplay's file: a line with kind, id, time and latency, the request, and a line between two of them. */
export function gorText(record: TraceRecord, number: number, startNs: number): string {
  const id = number.toString(16).padStart(24, '0');
  // A moment that is a Unix time: it takes differences only.
  const head = `1 ${id} ${BigInt(startNs) + 1_700_000_000_000_000_000n} 0`;
  const fields: string[] = [];
  for (let i = 0; i < record.headers.length; i += 2)
    fields.push(`${record.headers[i]}: ${record.headers[i + 1]}\r\n`);
  if (record.body.length > 0) fields.push(`Content-Length: ${record.body.length}\r\n`);
  const request = `${record.method} ${record.path} HTTP/1.1\r\n${fields.join('')}\r\n`;
  return `${head}\n${request}${Buffer.from(record.body).toString()}\n🐵🙈🙉\n`;
}

/** A line of vegeta's targets in JSON. */
export function vegetaText({ method, path, headers, body }: TraceRecord, url: string): string {
  const header: Record<string, string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i] as string, headers[i + 1] as string];
    // It would send the recorded host beside its own.
    if (name !== 'host') header[name] = [value];
  }
  const bytes = body.length === 0 ? undefined : Buffer.from(body).toString('base64');
  return `${JSON.stringify({ method, url: `${url}${path}`, header, body: bytes })}\n`;
}

function postsOf(bodyBytes: number): () => RecordOf {
  return () => {
    const memory = WORKLOADS['http-8k']();
    return (number) => {
      const record = memory(number);
      return { ...record, body: record.body.subarray(0, bodyBytes) };
    };
  };
}
