import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startCapture } from '../../../src/capture/capture.ts';
import { createCaptureClock } from '../../../src/capture/capture-clock.ts';
import type { CaptureOptions } from '../../../src/capture/capture-options.ts';
import { isSamePlace, parseHostPort } from '../../../src/capture/relay/host-port.ts';
import { genericDialect } from '../../../src/dialects/generic.ts';
import { newFolder } from '../../support/folders.ts';
import { deadPort } from '../support.ts';

const THIS_MACHINE = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::', '127.0.1.1'];

describe('a place to listen at or to connect to', () => {
  it('is the same by any name of this machine, and only at the same port', () => {
    for (const a of THIS_MACHINE) {
      for (const b of THIS_MACHINE) {
        assert.equal(isSamePlace({ host: a, port: 80 }, { host: b, port: 80 }), true, `${a} ${b}`);
        assert.equal(isSamePlace({ host: a, port: 80 }, { host: b, port: 81 }), false);
        assert.equal(isSamePlace({ host: a, port: 0 }, { host: b, port: 0 }), false, 'any free port');
      }
      assert.equal(isSamePlace({ host: a, port: 80 }, { host: 'db', port: 80 }), false);
      assert.equal(isSamePlace({ host: 'db', port: 80 }, { host: a, port: 80 }), false);
    }
    assert.equal(isSamePlace({ host: 'db', port: 80 }, { host: 'db', port: 80 }), true);
    assert.equal(isSamePlace({ host: 'db', port: 80 }, { host: '1270.0.0.1', port: 80 }), false);
  });

  it('is read with and without a host, and refused past the last port', () => {
    const read = (text: string) => parseHostPort(text, 'fallback');
    assert.deepEqual(read('7432'), { host: 'fallback', port: 7432, tls: false });
    assert.deepEqual(read(':7432'), { host: 'fallback', port: 7432, tls: false });
    assert.deepEqual(read('https://db.example:65535/'), { host: 'db.example', port: 65_535, tls: true });
    assert.deepEqual(read('[::1]:80'), { host: '::1', port: 80, tls: false });
    for (const wrong of ['db:65536', 'db', 'db:', '::1:80', 'http://u@db:80', 'ftp://db:80', 'db:80/path']) {
      assert.throws(() => read(wrong), { code: 'usage' }, wrong);
    }
  });
});

describe('a capture that would be its own upstream', () => {
  it('is refused before it listens or makes its folder, by any name, and by way of its other listener', async () => {
    const folder = join(newFolder(), 'oplog');
    const [a, b, c] = [await deadPort(), await deadPort(), await deadPort()];
    const at = (port: number, host = '127.0.0.1') => ({ host, port });
    const loops: Pick<CaptureOptions, 'http' | 'grpc'>[] = [
      { http: { listen: at(a), upstream: at(a) } },
      { grpc: { listen: at(a), upstream: at(a) } },
      ...THIS_MACHINE.map((host) => ({ http: { listen: at(a, '0.0.0.0'), upstream: at(a, host) } })),
      { http: { listen: at(a), upstream: at(b) }, grpc: { listen: at(b), upstream: at(b) } },
      { http: { listen: at(a), upstream: at(b) }, grpc: { listen: at(b), upstream: at(a) } },
      { http: { listen: at(a), upstream: at(c) }, grpc: { listen: at(b), upstream: at(a) } },
    ];
    for (const loop of loops) {
      const starting = startCapture({
        oplogDirectory: folder,
        clock: createCaptureClock(),
        runId: 'loop',
        tool: 'test',
        dialect: genericDialect,
        ...loop,
      });
      const refusal = { code: 'usage', message: /^127|^\[?::|^0\.0|^localhost/ };
      await assert.rejects(starting, refusal, JSON.stringify(loop));
      assert.equal(existsSync(folder), false);
    }
  });
});
