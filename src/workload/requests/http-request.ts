import type { ByteWriter } from '../../trace/bytes/byte-writer.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import type { BodyRoom } from './body-room.ts';
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
export function httpRequest(
  operation: ScenarioOperation,
  values: ValuesOfKeys,
  bodies: BodyRoom,
): HttpRequestParts {
  switch (operation.op) {
    case 'remember':
      return post('/api/v1/memories/remember', bodyOf(writeRemember, operation, values, bodies));
    case 'complete':
      return post('/api/v1/complete', bodyOf(writeComplete, operation, values, bodies));
    default:
      return { method: 'GET', path: recallPath(operation, values), headers: GET_HEADERS, body: NO_BODY };
  }
}

// JSON by hand: nothing in it needs an escape, and the bytes of a vector are there already.

function writeRemember(operation: ScenarioOperation, values: ValuesOfKeys, out: ByteWriter): void {
  const { key, space, confidence } = operation;
  const { vectors, content, id } = values;
  const head = `{"id":"${id(key)}","memory_space_id":"${space}","content":"${content(key)}"`;
  out.ascii(`${head},"confidence":${confidence},"embedding":[`);
  vectors.writeText(key, out);
  out.ascii(']}');
}

/** Every other value is known, and no overlap is asked for: any more of it is what the server refuses. */
function writeComplete({ key, space }: ScenarioOperation, values: ValuesOfKeys, out: ByteWriter): void {
  const known = `"known_fields":{"what":"${values.content(key)}"}`;
  out.ascii(`{"memory_space_id":"${space}","partial_episode":{${known},"partial_embedding":[`);
  values.vectors.writePartial(key, out);
  const config = '"config":{"ca1_threshold":0,"num_hypotheses":3,"max_iterations":10}';
  out.ascii(`],"cue_strength":0.7},${config}}`);
}

/** The short parameters first: whoever looks for the space need not leap over the vector. */
function recallPath(operation: ScenarioOperation, { vectors }: ValuesOfKeys): string {
  const { key, space, threshold, maxResults } = operation;
  const query = `space=${space}&threshold=${threshold}&max_results=${maxResults}`;
  return `/api/v1/memories/recall?${query}&embedding=%5B${vectors.text(key)}%5D`;
}

type WriteBody = (operation: ScenarioOperation, values: ValuesOfKeys, out: ByteWriter) => void;

function bodyOf(
  write: WriteBody,
  operation: ScenarioOperation,
  values: ValuesOfKeys,
  bodies: BodyRoom,
): Uint8Array {
  write(operation, values, bodies.begin());
  return bodies.end();
}

function post(path: string, body: Uint8Array): HttpRequestParts {
  return { method: 'POST', path, headers: POST_HEADERS, body };
}
