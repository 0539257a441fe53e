import { parseSpaceId } from '../../dialects/space-id.ts';
import type { Episode } from '../../gen/engram/v1/memory.ts';
import {
  ObservationAck_Status,
  type ObservationRequest,
  ObservationResponse,
  StreamStatus_State,
} from '../../gen/engram/v1/service.ts';
import { isRejection, type Rejection, reject } from '../rejection.ts';
import { validateEmbedding } from '../store/validate-embedding.ts';
import { generatedUuid, OBSERVATION_QUEUE_CAPACITY, type World } from '../world.ts';
import { timestamp } from './messages.ts';
import { make } from './rpc.ts';

const ADVERTISED_QUEUE_CAPACITY = 160_000;
const MAX_OBSERVATIONS_PER_SEC = 100_000;

type Reply = ObservationResponse | undefined | 'end' | Rejection;

/** The session protocol of ObserveStream: init, then observations numbered from 1. Nothing observed is ever stored. */
export function openObservation(world: World, operation: number): (request: ObservationRequest) => Reply {
  let sessionId: string | undefined;
  let lastSequence = 0n;
  const respond = (fields: Partial<ObservationResponse>) =>
    make(ObservationResponse, {
      ...fields,
      sessionId: sessionId ?? '',
      serverTimestamp: timestamp(world.wallMs()),
    });
  return (request) => {
    if (request.init) {
      if (parseSpaceId(request.memorySpaceId) === undefined)
        return reject('invalid', 'memory_space_id is needed');
      sessionId = generatedUuid(world, operation);
      return respond({ initAck: { sessionId, initialSequence: 0n, capabilities: capabilities() } });
    }
    if (request.observation) {
      if (sessionId === undefined) return reject('failed_precondition', 'observation before init');
      if (request.sequenceNumber !== lastSequence + 1n) {
        return reject('invalid', `sequence ${request.sequenceNumber}, expected ${lastSequence + 1n}`);
      }
      lastSequence++;
      const result = observe(world, request.observation, lastSequence);
      return isRejection(result) ? result : respond({ ...result, sequenceNumber: lastSequence });
    }
    if (request.flow) return undefined;
    return request.close ? 'end' : reject('invalid', 'operation is missing');
  };
}

function observe(world: World, episode: Episode, sequence: bigint): Partial<ObservationResponse> | Rejection {
  const embedding = validateEmbedding(episode.embedding);
  if (isRejection(embedding)) return embedding;
  if (world.observationsQueued >= OBSERVATION_QUEUE_CAPACITY) {
    return {
      status: {
        state: StreamStatus_State.BACKPRESSURE,
        message: 'the observation queue is full',
        queueDepth: world.observationsQueued,
        queueCapacity: OBSERVATION_QUEUE_CAPACITY,
        pressure: 1,
      },
    };
  }
  world.observationsQueued++;
  const committedAt = timestamp(world.wallMs());
  return { ack: { status: ObservationAck_Status.ACCEPTED, memoryId: `mem_${sequence}`, committedAt } };
}

function capabilities() {
  return {
    maxObservationsPerSecond: MAX_OBSERVATIONS_PER_SEC,
    queueCapacity: ADVERTISED_QUEUE_CAPACITY,
    supportsBackpressure: true,
    supportsSnapshotIsolation: true,
  };
}
