import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherProtocol } from '../../../src/transports/connect/other-protocol.ts';

const GOAWAY = Buffer.from('0000080700000000000000000000000000', 'hex');
const ANSWER = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');

test('a server is told to speak another protocol only where it is another', () => {
  assert.match(otherProtocol(GOAWAY, GOAWAY.length, 'HTTP/1'), /HTTP\/2 there, as gRPC does/);
  assert.match(otherProtocol(ANSWER, ANSWER.length, 'HTTP/2'), /speaks HTTP\/1 there/);
  assert.equal(otherProtocol(GOAWAY, GOAWAY.length, 'HTTP/2'), '');
  assert.equal(otherProtocol(ANSWER, ANSWER.length, 'HTTP/1'), '');
});
