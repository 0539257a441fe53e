import { benchOptions } from './shared/bench-options.ts';
import { clientCost, GRPC_CONNECTIONS } from './shared/cost-client.ts';
import { measureCosts, printCosts } from './shared/cost-table.ts';
import { framedMessage } from './shared/framed-message.ts';
import { grpcTool, writeBody } from './shared/load-tools.ts';
import { withNginx } from './shared/nginx-target.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  rounds: [7, 'of all subjects by turns'],
  operations: [100_000, 'in one measurement (of grpc-js 15 %)'],
  warmUp: [20_000, 'operations of ours before that'],
  inFlight: [64, 'calls at one time'],
  messageBytes: [3077, 'of the message: 768 floats with what goes with them'],
} as const;

/** CPU per unary call with each transport and with h2load, on core 0, nginx on the other. */
export async function run(args: readonly string[]): Promise<void> {
  const { rounds, operations, warmUp, inFlight, messageBytes } = benchOptions(args, OPTIONS);
  await withNginx((target) =>
    withFolder(async (folder) => {
      console.log(
        `gRPC unary, ${messageBytes} B out, ${inFlight} in flight, clients on core 0, ${rounds} rounds`,
      );
      const work = { port: target.grpc, operations, warmUp, inFlight, bodyBytes: messageBytes };
      const url = `http://127.0.0.1:${target.grpc}/S/M`;
      const bodyFile = writeBody(folder, framedMessage(messageBytes));
      const costs = await measureCosts(
        {
          wire: () => clientCost({ ...work, transport: 'wire-grpc' }),
          ...grpcTool(GRPC_CONNECTIONS, { url, operations, inFlight, bodyFile }, target),
          'grpc-js': () =>
            clientCost({ ...work, transport: 'grpc-js', operations: Math.ceil(operations * 0.15) }),
        },
        rounds,
      );
      printCosts(costs, ['h2load', 'grpc-js']);
      console.log('targets: wire at most 1.50 of h2load’s and 0.20 of grpc-js’s');
    }),
  );
}
