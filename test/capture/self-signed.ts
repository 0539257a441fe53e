import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newFolder } from '../support/folders.ts';
import { run } from './support.ts';

/** A self-signed certificate for localhost and 127.0.0.1. */
export async function selfSigned(): Promise<{ cert: Buffer; key: Buffer; certFile: string }> {
  const folder = newFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...[
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ],
  ]);
  return { cert: await readFile(cert), key: await readFile(key), certFile: cert };
}
