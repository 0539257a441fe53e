import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord } from '../support/make-record.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';
import { testHttpAnswers } from './conformance-http-answers.ts';
import { testHttpConnections } from './conformance-http-connections.ts';
import { ENDINGS, type Ending, type Expected } from './conformance-http-endings.ts';
import { testEndlessAnswers } from './conformance-http-endless.ts';
import { testHttpRequests } from './conformance-http-requests.ts';
import { type HttpSubject, isHead, OK, withServer } from './conformance-http-support.ts';

/** All that every HTTP transport has to do alike. */
export function testHttpTransport(subject: HttpSubject): void {
  testHttpRequests(subject);
  testHttpConnections(subject);
  testEndlessAnswers(subject);
  testHttpAnswers(subject);
  for (const ending of ENDINGS) testEnding(subject, ending);
}

function testEnding(subject: HttpSubject, ending: Ending): void {
  const expected: Expected = (subject.name === 'undici' ? ending.undici : undefined) ?? ending;
  const { failure, status } = expected;
  const told = failure ?? `status ${status}`;
  test(`${subject.name}: ${ending.what} is ${told}, and the next operation is not harmed`, async () => {
    let isFirst = true;
    await withServer(
      subject,
      (socket, text) => {
        if (!isHead(text)) return false;
        if (isFirst) ending.act(socket);
        else socket.write(OK);
        isFirst = false;
        return true;
      },
      async (transport) => {
        const watched = sendAndWatch(transport, makeRecord(0, { method: ending.method ?? 'GET' }));
        const outcome = await watched.done;
        assert.equal(outcome.failure, failure, outcome.detail);
        assert.equal(outcome.status, status);
        assert.equal(outcome.ok, failure === undefined && (status ?? 999) < 400);
        if (expected.bytes !== undefined) assert.equal(outcome.responseBytes, expected.bytes);
        assert.equal(watched.calls.includes('first'), status !== undefined);
        if (ending.says !== undefined) assert.equal(outcome.detail, ending.says);
        else assert.equal(outcome.detail.length > 0, failure !== undefined);
        if (subject.name !== 'undici') assert.match(outcome.detail, ending.wireSays ?? /^/);
        const next = await sendAndWatch(transport, makeRecord(0)).done;
        assert.equal(next.status, 200, next.detail);
      },
    );
  });
}
