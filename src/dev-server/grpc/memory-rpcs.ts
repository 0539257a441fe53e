import { DEFAULT_SPACE, parseSpaceId } from '../../dialects/space-id.ts';
import { ConsolidationState, type Cue, type RecallMetadata } from '../../gen/engram/v1/memory.ts';
import {
  ForgetMode,
  ForgetRequest,
  ForgetResponse,
  RecallRequest,
  type RecallResponse,
  RememberRequest,
  RememberResponse,
} from '../../gen/engram/v1/service.ts';
import { isRejection, type Rejection, reject } from '../rejection.ts';
import type { MemorySpace, NewMemory } from '../store/memory-space.ts';
import type { Recalled } from '../store/stored-memory.ts';
import { clampConfidence, validateEmbedding } from '../store/validate-embedding.ts';
import type { World } from '../world.ts';
import { RECALL_ENCODER } from './embedding-codecs.ts';
import { confidence, recalledMessage, unixMs } from './messages.ts';
import { bidi, type Rpc, unary } from './rpc.ts';
import { rpcPath } from './rpc-path.ts';

const DEFAULT_CONFIDENCE = 0.7;
const DEFAULT_THRESHOLD = 0.7;
const DEFAULT_RESULTS = 10;
/** Constants of the real server, not measurements. */
const RECALL_TIME_MS = 10n;
const STREAMING_RECALL_TIME_MS = 5n;

/** The rpcs that really write, read and delete memories. */
export const MEMORY_RPCS: readonly Rpc[] = [
  unary(rpcPath('Remember'), RememberRequest, RememberResponse, remember),
  unary(rpcPath('Recall'), RecallRequest, RECALL_ENCODER, (request, world) =>
    recall(request, world, RECALL_TIME_MS),
  ),
  unary(rpcPath('Forget'), ForgetRequest, ForgetResponse, forget),
  bidi(
    rpcPath('StreamingRemember'),
    RememberRequest,
    RememberResponse,
    (world) => (request) => remember(request, world),
  ),
  bidi(rpcPath('StreamingRecall'), RecallRequest, RECALL_ENCODER, (world) => {
    return (request) => recall(request, world, STREAMING_RECALL_TIME_MS);
  }),
];

/** The space a message names; '' is the default one. */
export function messageSpaceId(id: string): string | Rejection {
  if (id === '') return DEFAULT_SPACE;
  return parseSpaceId(id) ?? reject('invalid', 'memory_space_id: 4 to 64 of a-z, 0-9, "-" and "_"');
}

function openSpace(id: string, world: World): MemorySpace | Rejection {
  const valid = messageSpaceId(id);
  return isRejection(valid) ? valid : world.store.open(valid);
}

function remember(request: RememberRequest, world: World): RememberResponse | Rejection {
  const space = openSpace(request.memorySpaceId, world);
  if (isRejection(space)) return space;
  const memory = newMemory(request, world.wallMs());
  if (isRejection(memory)) return memory;
  const { strength } = space.store(memory);
  return {
    memoryId: memory.id,
    storageConfidence: confidence(strength, 'Strength of the stored trace.'),
    linkedMemories: [],
    initialState: ConsolidationState.RECENT,
  };
}

function newMemory({ memory, episode }: RememberRequest, nowMs: number): NewMemory | Rejection {
  const source = memory ?? episode;
  if (!source) return reject('invalid', 'memory_type is missing: memory or episode');
  const embedding = validateEmbedding(source.embedding);
  if (isRejection(embedding)) return embedding;
  const given = memory ? memory.confidence : episode?.encodingConfidence;
  return {
    id: source.id,
    content: memory ? memory.content : (episode?.what ?? ''),
    embedding,
    confidence: clampConfidence(given?.value, DEFAULT_CONFIDENCE),
    whenMs: unixMs(memory ? undefined : episode?.when, nowMs),
  };
}

function recall(request: RecallRequest, world: World, recallTimeMs: bigint): RecallResponse | Rejection {
  const space = openSpace(request.memorySpaceId, world);
  if (isRejection(space)) return space;
  const all = request.cue ? recallByCue(space, request.cue) : reject('invalid', 'cue is missing');
  if (isRejection(all)) return all;
  const found = all.slice(0, request.maxResults > 0 ? request.maxResults : DEFAULT_RESULTS);
  const nowMs = world.wallMs();
  return {
    memories: found.map((hit) => recalledMessage(hit, nowMs)),
    recallConfidence: confidence(meanConfidence(found), 'Mean of the matches.'),
    metadata: recallMetadata(found, recallTimeMs),
    traces: [],
  };
}

function recallByCue(space: MemorySpace, cue: Cue): Recalled[] | Rejection {
  const threshold = cue.threshold?.value ?? DEFAULT_THRESHOLD;
  if (cue.embedding) {
    const embedding = validateEmbedding(cue.embedding.vector);
    return isRejection(embedding) ? embedding : space.recallByEmbedding(embedding, threshold);
  }
  if (cue.semantic) return space.recallByText(cue.semantic.query, threshold);
  if (cue.context) {
    const { location, participants } = cue.context;
    const text = [location, ...participants].filter((part) => part !== '').join(' ');
    return space.recallByText(text, DEFAULT_THRESHOLD);
  }
  if (cue.temporal) return reject('unimplemented', 'temporal cues are not implemented');
  if (cue.pattern) return reject('unimplemented', 'pattern cues are not implemented');
  return reject('invalid', 'cue_type is missing');
}

function recallMetadata(found: readonly Recalled[], recallTimeMs: bigint): RecallMetadata {
  return {
    totalActivated: found.length,
    aboveThreshold: found.length,
    avgActivation: meanConfidence(found),
    recallTimeMs,
    activationPath: [],
  };
}

function meanConfidence(found: readonly Recalled[]): number {
  return found.reduce((sum, hit) => sum + hit.confidence, 0) / Math.max(1, found.length);
}

/** Every mode removes the memory. */
function forget(request: ForgetRequest, world: World): ForgetResponse | Rejection {
  const space = openSpace(request.memorySpaceId, world);
  if (isRejection(space)) return space;
  const modes: readonly number[] = [ForgetMode.SUPPRESS, ForgetMode.DELETE, ForgetMode.OVERWRITE];
  if (!modes.includes(request.mode)) return reject('invalid', 'mode is missing or unknown');
  if (request.pattern) return reject('unimplemented', 'forgetting by pattern is not implemented');
  if (request.memoryId === undefined) return reject('invalid', 'target is missing');
  return {
    memoriesAffected: space.forget(request.memoryId) ? 1 : 0,
    forgetConfidence: confidence(0.9, 'Removed from memory.'),
    reversible: request.mode === ForgetMode.SUPPRESS,
  };
}
