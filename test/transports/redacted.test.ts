import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedSend } from '../../src/replay/send-outcome.ts';
import { withoutRedacted } from '../../src/transports/redacted.ts';
import { prepareHttpRequest } from '../../src/transports/wire-http/prepare-http-request.ts';
import { createHttpRequestContext } from '../../src/transports/wire-http/request-headers.ts';
import { makeRecord } from '../support/replay-harness.ts';

test('redacted: what was taken out of a target is left out, and the rest stays byte for byte', () => {
  const targets: [recorded: string, sent: string][] = [
    ['/r?a=1;token=[redacted]&b=2', '/r?a=1&b=2'],
    ['/r?token=[redacted];a=1&b=%5B', '/r?a=1&b=%5B'],
    ['/r?a=1&&b;token=[redacted]', '/r?a=1&&b'],
    ['/r?token=[redacted]', '/r'],
    ['http://[redacted]@h/abs?a', 'http://h/abs?a'],
    ['http://u:[redacted]@h/abs', 'http://h/abs'],
    ['http://u:pw@h/abs?token=[redacted]', 'http://u:pw@h/abs'],
    ['/r?a=1;b=2', '/r?a=1;b=2'],
  ];
  for (const [recorded, sent] of targets) assert.equal(withoutRedacted(recorded), sent);
});

test('redacted: a target that can not do without what was redacted is refused', () => {
  const context = createHttpRequestContext({ origin: new URL('http://127.0.0.1:1') });
  for (const path of ['/users/[redacted]/x', 'http://[redacted]/x']) {
    const prepared = prepareHttpRequest(makeRecord(0, { path }), context);
    assert.deepEqual(prepared, failedSend('bad_request', 'the request path was redacted'));
  }
});
