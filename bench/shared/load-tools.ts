import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CostSubjects } from './cost-table.ts';
import type { NginxTarget } from './nginx-target.ts';
import { cpuOf, isInstalled } from './run-child.ts';

/** What a load tool is to do, closed loop. */
export interface ToolWork {
  url: string;
  operations: number;
  inFlight: number;
  /** A file with the body; '' for a GET. */
  bodyFile: string;
}

/** Commands that send so many requests of HTTP/1.1; wrk knows a time only. None of them checks a certificate. */
const HTTP_TOOLS: Readonly<Record<string, (work: ToolWork) => string>> = {
  wrk: ({ inFlight, bodyFile }) =>
    `wrk -t 1 -c ${inFlight} -d 2s ${bodyFile === '' ? '' : `-s ${bodyFile}.lua`}`,
  h2load: ({ operations, inFlight, bodyFile }) =>
    `h2load --h1 -n ${operations} -c ${inFlight} ${bodyFile === '' ? '' : `-d ${bodyFile}`}`,
  hey: ({ operations, inFlight, bodyFile }) =>
    `hey -n ${operations} -c ${inFlight} -cpus 1 ${bodyFile === '' ? '' : `-m POST -D ${bodyFile}`}`,
  bombardier: ({ operations, inFlight, bodyFile }) =>
    `bombardier -k -n ${operations} -c ${inFlight} ${bodyFile === '' ? '' : `-m POST -f ${bodyFile}`}`,
  autocannon: ({ operations, inFlight, bodyFile }) =>
    `autocannon -a ${operations} -c ${inFlight} ${bodyFile === '' ? '' : `-m POST -i ${bodyFile}`}`,
};

/** A body for the tools, in the folder; wrk reads it from a script. */
export function writeBody(folder: string, bytes: Buffer): string {
  const file = join(folder, `body-${bytes.length}`);
  writeFileSync(file, bytes);
  writeFileSync(
    `${file}.lua`,
    `wrk.method = "POST"\nlocal body = io.open("${file}", "rb")\nwrk.body = body:read("*all")\n`,
  );
  return file;
}

/** What of these is installed, to be measured; says what is not. */
export function httpTools(names: readonly string[], work: ToolWork, target: NginxTarget): CostSubjects {
  const subjects: Record<string, () => Promise<number>> = {};
  for (const name of names) {
    const command = HTTP_TOOLS[name];
    if (command === undefined || !isInstalled(name)) console.log(`  ${name}: not installed, left out`);
    else subjects[name] = () => commandCost(`${command(work)} ${work.url}`, work.operations, target);
  }
  return subjects;
}

/** h2load as a gRPC client, where it is installed. */
export function grpcTool(connections: number, work: ToolWork, target: NginxTarget): CostSubjects {
  if (!isInstalled('h2load')) {
    console.log('  h2load: not installed, left out');
    return {};
  }
  const headers = "-H 'te: trailers' -H 'content-type: application/grpc' -H 'user-agent: bench'";
  const load = `-n ${work.operations} -c ${connections} -m ${work.inFlight / connections} -d ${work.bodyFile}`;
  return {
    h2load: () => commandCost(`h2load ${load} ${headers} ${work.url}`, work.operations, target),
  };
}

/** CPU us of a command on core 0 for each request that reached the target. Rejects where too few did. */
async function commandCost(command: string, operations: number, target: NginxTarget): Promise<number> {
  const before = await target.requests();
  const { cpuSeconds, output } = await cpuOf(command, {
    cores: '0',
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  });
  const served = (await target.requests()) - before - 1;
  // wrk sends as many as fit into its time.
  const least = command.startsWith('wrk') ? 1000 : operations * 0.99;
  if (served < least) throw new Error(`${command} sent ${served} of ${operations}: ${output}`);
  return (cpuSeconds * 1e6) / served;
}
