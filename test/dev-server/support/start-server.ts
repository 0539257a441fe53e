import { request } from 'node:http';
import type { TestContext } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import {
  createDevServer,
  type DevServer,
  type DevServerOptions,
} from '../../../src/dev-server/dev-server.ts';

export const nowNs = () => Number(process.hrtime.bigint());

/** A dev-server on free ports that is closed after the test. */
export async function startServer(
  t: TestContext,
  options: Partial<DevServerOptions> = {},
): Promise<DevServer> {
  const server = await createDevServer({
    host: '127.0.0.1',
    httpPort: 0,
    grpcPort: 0,
    seed: 1,
    latency: { kind: 'fixed', ns: 0 },
    errorRate: 0,
    stalls: [],
    arrivalLog: undefined,
    testService: true,
    nowNs,
    wallMs: () => Date.now(),
    ...options,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= server.close();
    return closed;
  };
  t.after(close);
  return { ...server, close };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  json: any;
}

/** One request on a connection of its own; an object body goes as JSON. */
export function call(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const bytes = typeof body === 'string' || body === undefined ? (body ?? '') : JSON.stringify(body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', port, method, path, agent: false, headers: { ...type, ...headers } };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson && text !== '' ? JSON.parse(text) : undefined,
        });
      });
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

/** A grpc-js client with a connection of its own, closed after the test. */
export function grpcClient(t: TestContext, port: number): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  t.after(() => client.close());
  return client;
}

/** 768 values that depend on `seed`; two seeds give nearly orthogonal vectors. */
export function embedding(seed: number): number[] {
  return Array.from({ length: 768 }, (_, i) => Math.sin((i + 1) * (seed + 0.37) * 1.7));
}
