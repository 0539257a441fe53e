import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A gRPC server that is not ours: nginx, which reads the message and answers with one and a status of 0. */
export interface GrpcTarget {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it on the second core (or wherever it may run, on a machine of one). Rejects where nginx is missing. */
export async function startGrpcTarget(): Promise<GrpcTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'grpc-target-'));
  const port = await freePort();
  for (const name of ['answer', 'a']) writeFileSync(join(folder, name), Buffer.from('\0\0\0\0\x05hello'));
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const nginx = spawn('taskset', ['-c', '1', 'nginx', '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    nginx.on('exit', () => resolve());
    nginx.on('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    nginx.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 50 || nginx.exitCode !== null) {
      await stop();
      throw new Error('nginx does not start: is it installed, with http2?');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { port, stop };
}

/** `mirror` makes nginx read the message: what it only skips it takes for a flood after some thousand calls. */
function configuration(folder: string, port: number): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `
    daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 512; }
    http {
      access_log off; ${paths.join(' ')}
      keepalive_requests 1000000000; open_file_cache max=10; client_body_buffer_size 64k;
      server {
        listen 127.0.0.1:${port} http2; http2_max_concurrent_streams 128;
        root ${folder}; default_type application/grpc;
        location = /drop { internal; return 204; }
        location / { mirror /drop; rewrite ^ /a last; }
        location = /a { mirror /drop; error_page 405 =200 /answer; }
        location = /answer { error_page 405 =200 /answer; add_trailer grpc-status 0 always; }
      }
    }`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
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
