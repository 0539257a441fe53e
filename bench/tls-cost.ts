import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { clientCost, GRPC_CONNECTIONS, HTTP_PATH } from './shared/cost-client.ts';
import { measureCosts, printCosts } from './shared/cost-table.ts';
import { framedMessage } from './shared/framed-message.ts';
import { grpcTool, httpTools, writeBody } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  rounds: [5, 'of all subjects by turns'],
  operations: [60_000, 'in one measurement'],
  warmUp: [20_000, 'operations of ours before that'],
  httpInFlight: [16, 'connections, one operation on each'],
  grpcInFlight: [64, 'calls at one time'],
  bodyBytes: [8192, 'of the POST'],
  messageBytes: [3077, 'of the gRPC message'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

/**
 * CPU per operation over TLS 1.3 (one cipher suite for all) beside the same in the clear and beside load tools, on
 * core 0, nginx with the certificate of the test fixtures on the other. We check it; the tools take any.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  await withNginx((target) =>
    withFolder(async (folder) => {
      await measureHttp('GET without a body', target, options, '', 0);
      const body = writeBody(folder, Buffer.alloc(options.bodyBytes, 'x'));
      await measureHttp(`POST of ${options.bodyBytes} B`, target, options, body, options.bodyBytes);
      await measureGrpc(target, options, writeBody(folder, framedMessage(options.messageBytes)));
    }),
  );
}

async function measureHttp(
  what: string,
  target: NginxTarget,
  { rounds, operations, warmUp, httpInFlight: inFlight }: Options,
  bodyFile: string,
  bodyBytes: number,
): Promise<void> {
  console.log(`HTTP/1.1 over TLS, ${what}, ${inFlight} in flight, clients on core 0, ${rounds} rounds`);
  const work = { operations, warmUp, inFlight, bodyBytes };
  const url = `https://127.0.0.1:${target.https}${HTTP_PATH}`;
  const tools = ['h2load', 'hey', 'wrk', 'bombardier', 'autocannon'];
  const costs = await measureCosts(
    {
      'wire, TLS': () => clientCost({ ...work, transport: 'wire-http', port: target.https, tls: true }),
      'wire, clear': () => clientCost({ ...work, transport: 'wire-http', port: target.http }),
      'undici, TLS': () => clientCost({ ...work, transport: 'undici', port: target.https, tls: true }),
      ...httpTools(tools, { url, operations, inFlight, bodyFile }, target),
    },
    rounds,
  );
  printCosts(costs, ['h2load', 'hey', 'wire, clear']);
}

async function measureGrpc(
  target: NginxTarget,
  { rounds, operations, warmUp, grpcInFlight: inFlight, messageBytes }: Options,
  bodyFile: string,
): Promise<void> {
  console.log(
    `gRPC unary over TLS, ${messageBytes} B out, ${inFlight} in flight, clients on core 0, ${rounds} rounds`,
  );
  const work = { operations, warmUp, inFlight, bodyBytes: messageBytes };
  const few = { ...work, operations: Math.ceil(operations * 0.2) };
  const url = `https://127.0.0.1:${target.grpcTls}/S/M`;
  const costs = await measureCosts(
    {
      'wire, TLS': () => clientCost({ ...work, transport: 'wire-grpc', port: target.grpcTls, tls: true }),
      'wire, clear': () => clientCost({ ...work, transport: 'wire-grpc', port: target.grpc }),
      'grpc-js, TLS': () => clientCost({ ...few, transport: 'grpc-js', port: target.grpcTls, tls: true }),
      ...grpcTool(GRPC_CONNECTIONS, { url, operations, inFlight, bodyFile }, target),
    },
    rounds,
  );
  printCosts(costs, ['h2load', 'wire, clear']);
}
