import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { type CostWork, clientCost, HTTP_PATH } from './shared/cost-client.ts';
import { measureCosts, printCosts } from './shared/cost-table.ts';
import { httpTools, writeBody } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  rounds: [5, 'of all subjects by turns'],
  operations: [60_000, 'in one measurement'],
  warmUp: [20_000, 'operations of ours before that'],
  inFlight: [16, 'connections, one operation on each'],
  bodyBytes: [8192, 'of the POST'],
} as const;

/** CPU per operation of our transports and of load tools at the same work, on core 0, nginx on the other. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  await withNginx((target) =>
    withFolder(async (folder) => {
      await measureAll('GET without a body', target, options, '', 0);
      const bodyFile = writeBody(folder, Buffer.alloc(options.bodyBytes, 'x'));
      await measureAll(`POST of ${options.bodyBytes} B`, target, options, bodyFile, options.bodyBytes);
    }),
  );
}

async function measureAll(
  what: string,
  target: NginxTarget,
  { rounds, operations, warmUp, inFlight }: OptionsOf<typeof OPTIONS>,
  bodyFile: string,
  bodyBytes: number,
): Promise<void> {
  console.log(`HTTP/1.1, ${what}, ${inFlight} in flight, clients on core 0, ${rounds} rounds`);
  const work = { port: target.http, operations, warmUp, inFlight, bodyBytes };
  const ours = (more: Pick<CostWork, 'transport' | 'newPaths'>) => () => clientCost({ ...work, ...more });
  const url = `http://127.0.0.1:${target.http}${HTTP_PATH}`;
  const tools = ['wrk', 'h2load', 'hey', 'bombardier', 'autocannon'];
  const costs = await measureCosts(
    {
      wire: ours({ transport: 'wire-http' }),
      'wire, new paths': ours({ transport: 'wire-http', newPaths: true }),
      undici: ours({ transport: 'undici' }),
      ...httpTools(tools, { url, operations, inFlight, bodyFile }, target),
    },
    rounds,
  );
  printCosts(costs, ['wrk', 'undici', 'hey']);
  console.log('targets: wire at most 1.50 of wrk’s and 0.50 of undici’s, and below hey’s');
}
