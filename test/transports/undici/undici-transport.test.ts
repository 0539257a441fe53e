import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUndiciTransport } from '../../../src/transports/undici/undici-transport.ts';
import { makeRecord } from '../../support/make-record.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';
import { testHttpTransport } from '../conformance-http.ts';

testHttpTransport({ name: 'undici', create: createUndiciTransport });

test('undici: HTTP/1.0, which it can not send, is refused and told, and nothing goes out as something else', async () => {
  const transport = createUndiciTransport({ origin: new URL('http://127.0.0.1:1') });
  const { failure, detail } = await sendAndWatch(transport, makeRecord(0, { httpVersion: '1.0' })).done;
  assert.deepEqual([failure, detail], ['bad_request', 'undici sends no HTTP/1.0; the wire transport does']);
  await transport.close();
});
