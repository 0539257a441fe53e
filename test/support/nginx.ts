import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { newFolder } from './folders.ts';
import { freePort } from './scripted-server.ts';

/** A real server, where it is installed. */
export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts one nginx process on the loopback with these lines in its server block. `core`: pinned to it. `@dir` in
 * the lines is a folder of its own, in which `files` are.
 */
export async function startNginx(
  lines: string,
  { files = {}, core }: { files?: Record<string, string>; core?: number } = {},
): Promise<Nginx> {
  const folder = newFolder();
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'nginx.conf'), config(folder, port, lines.replaceAll('@dir', folder)));
  const args = ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')];
  const [command = '', ...rest] = core === undefined ? args : ['taskset', '-c', String(core), ...args];
  const child = spawn(command, rest, { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await ended(child);
  };
  try {
    await listening(child, port);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { port, stop };
}

function config(folder: string, port: number, lines: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder};`,
  );
  return `daemon off; master_process off; error_log stderr crit; pid ${folder}/pid;
worker_rlimit_nofile 4096; events { worker_connections 2048; }
http { access_log off; ${temp.join(' ')} client_max_body_size 0; keepalive_requests 1000000000;
server { listen 127.0.0.1:${port}; ${lines} } }`;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 2400; tries += 1) {
    if (child.exitCode !== null) break;
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nginx does not listen on ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
