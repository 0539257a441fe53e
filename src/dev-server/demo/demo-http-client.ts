import { Agent, request } from 'node:http';
import type { DemoClient } from './demo-client.ts';
import type { DemoContent } from './demo-content.ts';

const TIMEOUT_MS = 10_000;

interface Sent {
  method: string;
  path: string;
  body?: unknown;
  /** The id of the memory that is stored. */
  id?: string;
}

/** A client on node:http with one kept-alive connection. */
export function createDemoHttpClient(
  host: string,
  port: number,
  content: DemoContent,
  space: string,
): DemoClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let newestId: string | undefined;
  return {
    kind: 'http',
    operate(number, pick) {
      const chosen = chooseRequest(content, space, number, pick, newestId);
      newestId = chosen.id ?? newestId;
      return send(agent, host, port, chosen);
    },
    close: () => agent.destroy(),
  };
}

function chooseRequest(
  content: DemoContent,
  space: string,
  number: number,
  pick: number,
  newestId: string | undefined,
): Sent {
  const api = '/api/v1';
  if (pick < 0.3 || newestId === undefined) {
    const id = `demo_${number}`;
    const body = { content: content.sentence(number), embedding: content.embedding(number), confidence: 0.8 };
    return {
      method: 'POST',
      path: `${api}/memories/remember`,
      body: { id, memory_space_id: space, ...body },
      id,
    };
  }
  if (pick < 0.55) {
    const cue = encodeURIComponent(JSON.stringify(content.embedding(number)));
    return { method: 'GET', path: `${api}/memories/recall?embedding=${cue}&threshold=0.6&space=${space}` };
  }
  if (pick < 0.7)
    return {
      method: 'GET',
      path: `${api}/memories/search?query=${content.topic(number)}&limit=5&space=${space}`,
    };
  if (pick < 0.8) return { method: 'GET', path: `${api}/memories/${newestId}?space=${space}` };
  if (pick < 0.9) {
    const query_text = `RECALL ${content.topic(number)} CONFIDENCE > 0.2`;
    return { method: 'POST', path: `${api}/query`, body: { query_text } };
  }
  const when = new Date(1_700_000_000_000 + number * 1000).toISOString();
  const body = { when, what: content.sentence(number), who: [content.person(number)], importance: 0.6 };
  return {
    method: 'POST',
    path: `${api}/episodes/remember`,
    body: { ...body, embedding: content.embedding(number) },
  };
}

function send(
  agent: Agent,
  host: string,
  port: number,
  { method, path, body }: Sent,
): Promise<'operation' | 'failed'> {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {};
  return new Promise((resolve) => {
    const call = request({ agent, host, port, method, path, headers, timeout: TIMEOUT_MS }, (response) => {
      response.on('error', () => resolve('failed'));
      response.on('close', () => resolve(response.complete ? 'operation' : 'failed'));
      response.resume();
    });
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', () => resolve('failed'));
    call.end(bytes);
  });
}
