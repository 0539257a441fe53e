import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { run, temporaryFolder } from './support.ts';

/** A self-signed certificate for localhost and 127.0.0.1. */
export async function selfSigned(t: TestContext): Promise<{ cert: Buffer; key: Buffer; certFile: string }> {
  const folder = await temporaryFolder(t);
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
