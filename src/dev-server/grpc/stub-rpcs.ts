import { ConsolidationState } from '../../gen/engram/v1/memory.ts';
import {
  ApplyReplicationBatchRequest,
  ApplyReplicationBatchResponse,
  AssociateRequest,
  AssociateResponse,
  ConsolidateRequest,
  ConsolidateResponse,
  ExperienceRequest,
  ExperienceResponse,
  MigrateSpaceRpcRequest,
  MigrateSpaceRpcResponse,
  RebalanceRequest,
  RebalanceResponse,
  RecognizeRequest,
  RecognizeResponse,
  ReminisceRequest,
  ReminisceResponse,
  ReplicationStatusRequest,
  ReplicationStatusResponse,
} from '../../gen/engram/v1/service.ts';
import { isRejection, type Rejection, reject } from '../rejection.ts';
import { messageSpaceId } from './memory-rpcs.ts';
import { confidence } from './messages.ts';
import { make, type Rpc, unary } from './rpc.ts';
import { rpcPath } from './rpc-path.ts';

/** Rpcs that validate, answer with constants and store nothing: in Engram, too. */
export const STUB_RPCS: readonly Rpc[] = [
  unary(rpcPath('Recognize'), RecognizeRequest, RecognizeResponse, recognize),
  unary(rpcPath('Experience'), ExperienceRequest, ExperienceResponse, experience),
  unary(rpcPath('Reminisce'), ReminisceRequest, ReminisceResponse, reminisce),
  unary(rpcPath('Consolidate'), ConsolidateRequest, ConsolidateResponse, () => make(ConsolidateResponse, {})),
  unary(rpcPath('Associate'), AssociateRequest, AssociateResponse, associate),
  unary(
    rpcPath('ApplyReplicationBatch'),
    ApplyReplicationBatchRequest,
    ApplyReplicationBatchResponse,
    replicate,
  ),
  unary(rpcPath('RebalanceSpaces'), RebalanceRequest, RebalanceResponse, singleNode),
  unary(rpcPath('MigrateSpace'), MigrateSpaceRpcRequest, MigrateSpaceRpcResponse, singleNode),
  unary(rpcPath('GetReplicationStatus'), ReplicationStatusRequest, ReplicationStatusResponse, singleNode),
];

function recognize(request: RecognizeRequest): RecognizeResponse | Rejection {
  if (!request.memory && !request.embedding && request.content === undefined) {
    return reject('invalid', 'input is missing: memory, embedding or content');
  }
  return make(RecognizeResponse, { recognitionConfidence: confidence(0.3, 'Not recognised.') });
}

function experience(request: ExperienceRequest): ExperienceResponse | Rejection {
  if (!request.episode) return reject('invalid', 'episode is missing');
  return {
    episodeId: request.episode.id,
    encodingQuality: confidence(0.8, 'Encoded.'),
    state: ConsolidationState.RECENT,
    contextLinksCreated: 0,
  };
}

function reminisce(request: ReminisceRequest): ReminisceResponse | Rejection {
  const { aroundTime, atLocation, withPeople, aboutTopic } = request;
  if (!aroundTime && atLocation === undefined && !withPeople && aboutTopic === undefined) {
    return reject('invalid', 'cue is missing');
  }
  return make(ReminisceResponse, { recallVividness: confidence(0.4, 'Faint.') });
}

function associate(request: AssociateRequest): AssociateResponse | Rejection {
  if (request.sourceMemory === '' || request.targetMemory === '') {
    return reject('invalid', 'source_memory and target_memory are needed');
  }
  const finalStrength = Math.min(1, Math.max(0, request.strength));
  return { created: true, finalStrength, affectedPaths: [] };
}

/** The one difference to Engram: the entries are acknowledged and not applied. */
function replicate(request: ApplyReplicationBatchRequest): ApplyReplicationBatchResponse | Rejection {
  const id = messageSpaceId(request.spaceId);
  return isRejection(id) ? id : { appliedThrough: request.endSequence };
}

function singleNode(): Rejection {
  return reject('single_node', 'this node is not part of a cluster');
}
