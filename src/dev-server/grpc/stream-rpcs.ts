import { ConsolidationState } from '../../gen/engram/v1/memory.ts';
import {
  DreamRequest,
  DreamResponse,
  type FlowControl,
  FlowControl_Action,
  FlowStatus_State,
  MemoryFlowRequest,
  MemoryFlowResponse,
  ObservationRequest,
  ObservationResponse,
  RecallResponse,
  RememberResponse,
  StreamEventType,
  StreamingRecallRequest,
  StreamingRecallResponse,
  StreamRequest,
  StreamResponse,
} from '../../gen/engram/v1/service.ts';
import { type Rejection, reject } from '../rejection.ts';
import type { World } from '../world.ts';
import { confidence, timestamp } from './messages.ts';
import { openObservation } from './observation-stream.ts';
import { bidi, make, type Rpc, serverStream } from './rpc.ts';
import { rpcPath } from './rpc-path.ts';

const DREAM_INTERVAL_MS = 100;
const EVENT_INTERVAL_MS = 500;
const EVENT_COUNT = 10;
const EVENT_TYPES = [
  StreamEventType.ACTIVATION,
  StreamEventType.STORAGE,
  StreamEventType.RECALL,
  StreamEventType.CONSOLIDATION,
  StreamEventType.ASSOCIATION,
  StreamEventType.DECAY,
];

/** The streaming rpcs that read and write no memory. */
export const STREAM_RPCS: readonly Rpc[] = [
  serverStream(rpcPath('Dream'), DreamRequest, DreamResponse, dream),
  serverStream(rpcPath('Stream'), StreamRequest, StreamResponse, events),
  serverStream(rpcPath('RecallStream'), StreamingRecallRequest, StreamingRecallResponse, () => []),
  bidi(rpcPath('MemoryFlow'), MemoryFlowRequest, MemoryFlowResponse, openMemoryFlow),
  bidi(rpcPath('ObserveStream'), ObservationRequest, ObservationResponse, openObservation),
  // In Engram the handler panics: the client sees this, and the whole server is gone.
  bidi(rpcPath('MemoryStream'), ObservationRequest, ObservationResponse, () => () => {
    return reject('unavailable', 'Connection dropped');
  }),
];

function* dream(request: DreamRequest) {
  const cycles = Math.min(100, Math.max(1, request.replayCycles));
  for (let cycle = 0; cycle < cycles; cycle++) {
    yield { afterMs: cycle === 0 ? 0 : DREAM_INTERVAL_MS, message: make(DreamResponse, dreamContent(cycle)) };
  }
}

function dreamContent(cycle: number): Partial<DreamResponse> {
  const ids = [`dream_${cycle}`, `dream_${cycle + 1}`];
  switch (cycle % 3) {
    case 0:
      return { replay: { memoryIds: ids, sequenceNovelty: 0.5, narrative: `Replay ${cycle}.` } };
    case 1: {
      const insightConfidence = confidence(0.6, 'Found in a dream.');
      const insight = { description: `Insight ${cycle}.`, connectedMemories: ids, insightConfidence };
      return { insight: { ...insight, suggestedAction: '' } };
    }
    default:
      return { progress: { memoriesReplayed: cycle, newConnections: 1, consolidationStrength: 0.5 } };
  }
}

function* events(request: StreamRequest, world: World) {
  for (let i = 0; i < EVENT_COUNT; i++) {
    const message = make(StreamResponse, {
      eventType: EVENT_TYPES[i % EVENT_TYPES.length] ?? StreamEventType.UNSPECIFIED,
      timestamp: timestamp(world.wallMs()),
      description: `Event ${i}.`,
      metadata: { space_id: request.memorySpaceId },
      importance: 0.5,
    });
    yield { afterMs: i === 0 ? 0 : EVENT_INTERVAL_MS, message };
  }
}

function openMemoryFlow(world: World): (request: MemoryFlowRequest) => MemoryFlowResponse | Rejection {
  let sequence = 0n;
  return (request) => {
    const content = flowContent(request, sequence + 1n, world.wallMs());
    if (!content) return reject('invalid', 'request is missing');
    sequence++;
    return make(MemoryFlowResponse, {
      ...content,
      sessionId: request.sessionId,
      sequenceNumber: sequence,
      timestamp: timestamp(world.wallMs()),
    });
  };
}

function flowContent(
  request: MemoryFlowRequest,
  sequence: bigint,
  nowMs: number,
): Partial<MemoryFlowResponse> | undefined {
  if (request.remember) {
    const rememberResult = make(RememberResponse, {
      memoryId: `flow_${sequence}`,
      storageConfidence: confidence(0.9, 'Not stored.'),
      initialState: ConsolidationState.RECENT,
    });
    return { rememberResult };
  }
  if (request.recall) {
    return { recallResult: make(RecallResponse, { recallConfidence: confidence(0.7, 'Nothing searched.') }) };
  }
  if (request.subscribe) return flowStatus(FlowStatus_State.ACTIVE, nowMs);
  return request.control ? flowStatus(controlledState(request.control), nowMs) : undefined;
}

function controlledState(control: FlowControl): FlowStatus_State {
  return control.action === FlowControl_Action.PAUSE ? FlowStatus_State.PAUSED : FlowStatus_State.ACTIVE;
}

function flowStatus(state: FlowStatus_State, nowMs: number): Partial<MemoryFlowResponse> {
  return { status: { state, message: '', metrics: {}, lastActivity: timestamp(nowMs) } };
}
