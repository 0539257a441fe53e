import type { Socket } from 'node:net';
import { type Answers, NO_CONTENT } from '../../../src/null-sink/answers.ts';
import { GrpcSession } from '../../../src/null-sink/grpc-session.ts';

/**
 * Answers unary calls on a connection of HTTP/2 in the clear, whatever they are: all that ended in what was read at once
 * in one write, as servers under load do. Calls `onCall` for each.
 */
export function answerCalls(socket: Socket, onCall: () => void): void {
  const answers: Pick<Answers, 'grpc'> = {
    grpc: () => {
      onCall();
      return NO_CONTENT.grpc();
    },
  };
  const session = new GrpcSession(socket, answers);
  socket.on('data', (chunk) => {
    try {
      session.push(chunk);
    } catch {
      socket.destroy(); // No HTTP/2.
    }
  });
}
