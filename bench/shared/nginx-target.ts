import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../support.ts';
import { withCleanUp } from './clean-up.ts';
import { hasSecondCore } from './machine.ts';
import { isInstalled, pinned } from './run-child.ts';
import { freePort, startProgram } from './start-program.ts';

/** A server that is not ours: one nginx that answers HTTP and gRPC, in the clear and over TLS. */
export interface NginxTarget {
  readonly http: number;
  readonly https: number;
  /** Reads the message and answers any unary call with a message of 5 bytes and status 0. */
  readonly grpc: number;
  readonly grpcTls: number;
  /** Requests and calls it has taken since it started. */
  requests(): Promise<number>;
}

/** What each HTTP answer is. */
export const HTTP_ANSWER = 'a small answer';
/** Of the message in each gRPC answer. */
export const GRPC_ANSWER_BYTES = 5;
/** Where the target runs, so that what is measured has core 0 to itself. */
export const TARGET_CORE = '1';

/** Runs `action` beside nginx on the second core. Where nginx is missing it says so, and does nothing. */
export async function withNginx(action: (target: NginxTarget) => Promise<void>): Promise<void> {
  if (!isInstalled('nginx')) {
    console.log('skipped: nginx is not installed, and our own server is no measure');
    return;
  }
  await withFolder(async (folder) => {
    const ports = await freePorts();
    writeFileSync(join(folder, 'answer'), Buffer.from('\0\0\0\0\x05hello'));
    writeFileSync(join(folder, 'a'), '');
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, ports));
    const cores = hasSecondCore() ? TARGET_CORE : 'all';
    const command = [
      'nginx',
      '-p',
      folder,
      '-c',
      join(folder, 'nginx.conf'),
      '-e',
      join(folder, 'error.log'),
    ];
    const nginx = await startProgram('nginx', pinned(command, cores), ports.status);
    console.log(`target: nginx, one process, ${cores === 'all' ? 'not pinned' : `on core ${cores}`}`);
    await withCleanUp(nginx.stop, () => action({ ...ports, requests: () => requestsOf(ports.status) }));
  });
}

interface Ports {
  http: number;
  https: number;
  grpc: number;
  grpcTls: number;
  status: number;
}

async function freePorts(): Promise<Ports> {
  return {
    http: await freePort(),
    https: await freePort(),
    grpc: await freePort(),
    grpcTls: await freePort(),
    status: await freePort(),
  };
}

/**
 * One cipher suite for everybody, so that tools differ by their code alone. `mirror` makes nginx read the message of
 * a call: what it only skips it takes for a flood after some thousand calls.
 */
function configuration(folder: string, { http, https, grpc, grpcTls, status }: Ports): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const tls = new URL('../../../fixtures/tls/', import.meta.url);
  return `
    daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
    worker_rlimit_nofile 20000; events { worker_connections 8000; }
    http {
      access_log off; ${paths.join(' ')}
      keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=10;
      client_max_body_size 0; client_body_buffer_size 64k; large_client_header_buffers 4 32k;
      ssl_certificate ${fileURLToPath(new URL('server.pem', tls))};
      ssl_certificate_key ${fileURLToPath(new URL('server-key.pem', tls))};
      ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
      server {
        listen 127.0.0.1:${http}; listen 127.0.0.1:${https} ssl;
        location / { return 200 "${HTTP_ANSWER}"; }
      }
      server {
        listen 127.0.0.1:${grpc} http2; listen 127.0.0.1:${grpcTls} ssl http2;
        http2_max_concurrent_streams 128; root ${folder}; default_type application/grpc;
        location = /drop { internal; return 204; }
        location / { mirror /drop; rewrite ^ /a last; }
        location = /a { mirror /drop; error_page 405 =200 /answer; }
        location = /answer { error_page 405 =200 /answer; add_trailer grpc-status 0 always; }
      }
      server { listen 127.0.0.1:${status}; location / { stub_status; } }
    }`;
}

/** nginx counts this question too; one in thousands. */
async function requestsOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return Number(/^\s*\d+\s+\d+\s+(\d+)\s*$/m.exec(text)?.[1]);
}
