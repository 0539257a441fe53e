import type { HeaderList } from '../../trace/record/record.ts';
import type { ScenarioOperation } from './operation.ts';
import type { ValuesOfKeys } from './values-of-keys.ts';

/** The part of an HTTP record that is the request. */
export interface HttpRequestParts {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

const NO_BODY = new Uint8Array(0);
const GET_HEADERS: HeaderList = ['accept', 'application/json'];
const POST_HEADERS: HeaderList = ['accept', 'application/json', 'content-type', 'application/json'];

/** The HTTP request for an operation, as Engram takes it: see the table in docs/scenarios.md. */
export function httpRequest(operation: ScenarioOperation, values: ValuesOfKeys): HttpRequestParts {
  switch (operation.op) {
    case 'remember':
      return post('/api/v1/memories/remember', rememberBody(operation, values));
    case 'complete':
      return post('/api/v1/complete', completeBody(operation, values));
    default:
      return { method: 'GET', path: recallPath(operation, values), headers: GET_HEADERS, body: NO_BODY };
  }
}

// JSON by hand: nothing in it needs an escape, and a vector's text is there already.

function rememberBody({ key, space, confidence }: ScenarioOperation, values: ValuesOfKeys): string {
  const { vectors, content, id } = values;
  const head = `{"id":"${id(key)}","memory_space_id":"${space}","content":"${content(key)}"`;
  return `${head},"confidence":${confidence},"embedding":[${vectors.text(key)}]}`;
}

/** Every other value is known, and no overlap is asked for: any more of it is what the server refuses. */
function completeBody({ key, space }: ScenarioOperation, { vectors, content }: ValuesOfKeys): string {
  const known = `"known_fields":{"what":"${content(key)}"}`;
  const partial = `"partial_embedding":[${vectors.partialText(key)}]`;
  const config = '"config":{"ca1_threshold":0,"num_hypotheses":3,"max_iterations":10}';
  return `{"memory_space_id":"${space}","partial_episode":{${known},${partial},"cue_strength":0.7},${config}}`;
}

/** The short parameters first: whoever looks for the space need not leap over the vector. */
function recallPath(operation: ScenarioOperation, { vectors }: ValuesOfKeys): string {
  const { key, space, threshold, maxResults } = operation;
  const query = `space=${space}&threshold=${threshold}&max_results=${maxResults}`;
  return `/api/v1/memories/recall?${query}&embedding=%5B${vectors.text(key)}%5D`;
}

function post(path: string, body: string): HttpRequestParts {
  return { method: 'POST', path, headers: POST_HEADERS, body: Buffer.from(body, 'latin1') };
}
