import { type Episode, Episode as EpisodeCodec } from '../../gen/engram/v1/memory.ts';
import {
  CompleteRequest,
  CompleteResponse,
  IntrospectRequest,
  IntrospectResponse,
  QueryRequest,
} from '../../gen/engram/v1/service.ts';
import { metricsSnapshot } from '../http/admin-routes.ts';
import { runQuery } from '../query/run-query.ts';
import { isRejection, type Rejection, reject } from '../rejection.ts';
import type { StoredMemory } from '../store/stored-memory.ts';
import type { World } from '../world.ts';
import { QUERY_ENCODER, type QueryAnswer } from './embedding-codecs.ts';
import { messageSpaceId } from './memory-rpcs.ts';
import { confidence, timestamp } from './messages.ts';
import { make, type Rpc, unary } from './rpc.ts';
import { rpcPath } from './rpc-path.ts';

/** ExecuteQuery, Complete and Introspect. */
export const QUERY_RPCS: readonly Rpc[] = [
  unary(rpcPath('ExecuteQuery'), QueryRequest, QUERY_ENCODER, executeQuery),
  unary(rpcPath('Complete'), CompleteRequest, CompleteResponse, complete),
  unary(rpcPath('Introspect'), IntrospectRequest, IntrospectResponse, introspect),
];

/** Unlike all others, does not create a space that it does not know. */
function executeQuery(request: QueryRequest, world: World): QueryAnswer | Rejection {
  const id = messageSpaceId(request.memorySpaceId);
  if (isRejection(id)) return id;
  if (request.queryText.trim() === '') return reject('invalid', 'query_text is empty');
  const space = world.store.find(id);
  if (!space) return reject('resource_not_found', `no memory space "${id}"`);
  const result = runQuery(space, request.queryText);
  if (isRejection(result)) return result;
  const { lower, mean, upper } = result.confidence;
  return {
    episodes: result.found.map(({ memory }) => ({
      episode: episodeMessage(memory),
      embedding: space.embeddingOf(memory),
    })),
    confidences: result.found.map(({ memory }) => memory.confidence),
    aggregateConfidence: { lowerBound: lower, mean, upperBound: upper, confidenceLevel: 0.95 },
    totalCount: result.found.length,
    executionTimeMs: 0n,
  };
}

function episodeMessage(memory: StoredMemory): Episode {
  return make(EpisodeCodec, {
    id: memory.id,
    when: timestamp(memory.whenMs),
    what: memory.content,
    encodingConfidence: confidence(memory.confidence, 'As stored.'),
    whereLocation: memory.whereLocation ?? '',
    who: [...memory.who],
  });
}

/** A pattern without an embedding is never enough evidence, and this rpc carries none. */
function complete(request: CompleteRequest): Rejection {
  const id = messageSpaceId(request.memorySpaceId);
  if (isRejection(id)) return id;
  if (!request.partialPattern || request.partialPattern.fragments.length === 0) {
    return reject('invalid', 'partial_pattern with at least one fragment is missing');
  }
  return reject('failed_precondition', 'not enough evidence to complete the pattern');
}

function introspect(request: IntrospectRequest, world: World): IntrospectResponse | Rejection {
  const id = messageSpaceId(request.memorySpaceId);
  if (isRejection(id)) return id;
  return make(IntrospectResponse, {
    metrics: {
      streaming_queue_depth: world.observationsQueued,
      streaming_updates_exported: world.operations,
      streaming_updates_dropped: 0,
    },
    health: { healthy: true, components: {}, summary: 'All memory systems operational' },
    statistics: {
      totalMemories: 0n,
      byType: {},
      avgActivation: 0,
      avgConfidence: 0,
      totalAssociations: 0n,
      oldestMemory: undefined,
      newestMemory: undefined,
    },
    activeProcesses: ['consolidation', 'decay'],
    metricsSnapshotJson: JSON.stringify(metricsSnapshot(world)),
  });
}
