import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerErrorResponse,
  type ServerReadableStream,
  type ServerWritableStream,
  status,
} from '../../bundled/grpc-js.ts';
import { isRejection, type Rejection, type RejectionReason, reject, TOO_MANY_WAIT } from '../rejection.ts';
import type { ServerContext } from '../server-context.ts';
import { type CallArrivals, trackArrivals } from './call-arrivals.ts';
import { createReplyQueue, type ReplySink } from './reply-queue.ts';
import type { Rpc, StreamReply, TimedReply } from './rpc.ts';

const STATUS: Readonly<Record<RejectionReason, status>> = {
  invalid: status.INVALID_ARGUMENT,
  bad_request: status.INVALID_ARGUMENT,
  memory_not_found: status.NOT_FOUND,
  belief_not_found: status.NOT_FOUND,
  resource_not_found: status.NOT_FOUND,
  unprocessable: status.INVALID_ARGUMENT,
  failed_precondition: status.FAILED_PRECONDITION,
  internal: status.INTERNAL,
  unimplemented: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  single_node: status.FAILED_PRECONDITION,
};
/** Replies of one stream that may wait before no more of its messages are read. */
const MAX_WAITING_REPLIES = 64;

/** A server context that can number connections by their peer. */
export interface GrpcContext extends ServerContext {
  sessionOf(peer: string): number;
}

type OfKind<K extends Rpc['kind']> = Extract<Rpc, { kind: K }>;

export function serveUnary(context: GrpcContext, rpc: OfKind<'unary'>): handleUnaryCall<Buffer, Uint8Array> {
  return (call, callback) => {
    const { operation, servedNs, refusal, arrivals } = beginCall(context, rpc, call.getPeer());
    arrivals.message(call.request);
    arrivals.finish(false);
    const answer = refusal ?? guarded(() => rpc.answer(call.request, context.world));
    const fromNs = Math.max(servedNs, context.world.store.takeReadyNs());
    context.timer.at(context.faults.dueNs(operation, 0, fromNs), () => {
      if (isRejection(answer)) callback(errorOf(context, answer));
      else callback(null, answer);
    });
  };
}

export function serveServerStream(
  context: GrpcContext,
  rpc: OfKind<'server_stream'>,
): handleServerStreamingCall<Buffer, Uint8Array> {
  return (call) => {
    const { operation, servedNs, refusal, arrivals } = beginCall(context, rpc, call.getPeer());
    context.stats.grpcStreamMessages++;
    arrivals.message(call.request);
    arrivals.finish(false);
    const queue = createReplyQueue(context, operation, sinkOf(context, call));
    call.on('cancelled', () => queue.close());
    const replies = refusal ?? guarded(() => rpc.answer(call.request, context.world));
    if (isRejection(replies)) {
      queue.push({ rejection: replies }, undefined, servedNs);
      return;
    }
    const iterator: Iterator<TimedReply> = replies[Symbol.iterator]();
    const step = () => {
      const next = iterator.next();
      const fromNs = Math.max(servedNs, context.nowNs());
      if (next.done) queue.push('end', undefined, servedNs);
      else queue.push({ bytes: next.value.bytes }, step, fromNs + next.value.afterMs * 1e6);
    };
    step();
  };
}

export function serveClientStream(
  context: GrpcContext,
  rpc: OfKind<'client_stream'>,
): handleClientStreamingCall<Buffer, Uint8Array> {
  return (call, callback) => {
    const { operation, servedNs, refusal, arrivals } = beginCall(context, rpc, call.getPeer());
    const handler = rpc.open(context.world);
    let answered = false;
    const answer = (result: Uint8Array | Rejection) => {
      if (answered) return;
      answered = true;
      context.timer.at(context.faults.dueNs(operation, 0, Math.max(servedNs, context.nowNs())), () => {
        if (isRejection(result)) callback(errorOf(context, result));
        else callback(null, result);
      });
    };
    onMessages(context, call, arrivals, {
      receive: (bytes) => {
        const refused = guarded(() => handler.receive(bytes));
        if (!refused) return;
        arrivals.finish(false);
        answer(refused);
      },
      end: () => answer(refusal ?? handler.finish()),
      cancelled: () => {
        answered = true;
      },
    });
  };
}

export function serveBidi(
  context: GrpcContext,
  rpc: OfKind<'bidi'>,
): handleBidiStreamingCall<Buffer, Uint8Array> {
  return (call) => {
    const { operation, servedNs, refusal, arrivals } = beginCall(context, rpc, call.getPeer());
    const receive = rpc.open(context.world, operation);
    const queue = createReplyQueue(context, operation, sinkOf(context, call));
    let over = false;
    const push = (reply: StreamReply) => {
      if (reply === undefined || over) return;
      over = reply === 'end' || isRejection(reply);
      const step = isRejection(reply) ? { rejection: reply } : reply === 'end' ? reply : { bytes: reply };
      const resume = () => {
        if (queue.waiting < MAX_WAITING_REPLIES) call.resume();
      };
      queue.push(step, resume, Math.max(servedNs, context.world.store.takeReadyNs()));
      if (queue.waiting >= MAX_WAITING_REPLIES) call.pause();
    };
    onMessages(context, call, arrivals, {
      receive: (bytes) => {
        if (over) return;
        push(refusal ?? guarded(() => receive(bytes)));
        // Once the server has ended the call, grpc-js may tell nothing more of the client's half.
        if (over) arrivals.finish(false);
      },
      end: () => push(refusal ?? 'end'),
      cancelled: () => queue.close(),
    });
  };
}

function beginCall(context: GrpcContext, rpc: Rpc, peer: string) {
  const { operation, arrivalNs } = context.begin('grpc');
  const session = context.sessionOf(peer);
  const streaming = rpc.kind !== 'unary';
  const servedNs = context.queue.join(arrivalNs);
  return {
    operation,
    /** When its turn has come. */
    servedNs: servedNs ?? arrivalNs,
    /** What is answered in place of what was asked for. */
    refusal:
      servedNs === undefined
        ? reject('unavailable', TOO_MANY_WAIT)
        : context.faults.fails(operation)
          ? injected()
          : undefined,
    arrivals: trackArrivals(context, { path: rpc.path, session, arrivalNs, streaming }),
  };
}

interface MessageHandlers {
  receive(bytes: Uint8Array): void;
  end(): void;
  cancelled(): void;
}

function onMessages(
  { stats }: ServerContext,
  call: ServerReadableStream<Buffer, Uint8Array> | ServerDuplexStream<Buffer, Uint8Array>,
  arrivals: CallArrivals,
  handlers: MessageHandlers,
): void {
  call.on('data', (bytes: Buffer) => {
    stats.grpcStreamMessages++;
    arrivals.message(bytes);
    handlers.receive(bytes);
  });
  call.on('end', () => {
    handlers.end();
    // A reset looks like a half-close at first; `cancelled` follows in the same turn.
    setImmediate(() => arrivals.finish(call.cancelled));
  });
  call.on('cancelled', () => {
    arrivals.finish(true);
    handlers.cancelled();
  });
  // A client that breaks the connection; `cancelled` follows.
  call.on('error', () => undefined);
}

function sinkOf(
  context: GrpcContext,
  call: ServerWritableStream<Buffer, Uint8Array> | ServerDuplexStream<Buffer, Uint8Array>,
): ReplySink {
  return {
    write: (bytes) => call.write(bytes),
    whenWritable: (resume) => void call.once('drain', resume),
    end: () => void call.end(),
    fail: (rejection) => void call.emit('error', errorOf(context, rejection)),
  };
}

function errorOf({ stats }: ServerContext, { rejected, message }: Rejection): ServerErrorResponse {
  const code = STATUS[rejected];
  if (code === status.INTERNAL) stats.errors++;
  return Object.assign(new Error(message), { code, details: message });
}

function injected(): Rejection {
  return reject('internal', 'injected by the error rate of the dev-server');
}

/** A handler that throws is a defect of ours; it must not end the server in the middle of someone's test. */
function guarded<T>(run: () => T): T | Rejection {
  try {
    return run();
  } catch (thrown) {
    return reject('internal', `dev-server defect: ${String(thrown)}`);
  }
}
