import assert from 'node:assert/strict';
import { test } from 'node:test';
import { genericDialect } from '../../src/dialects/generic.ts';

const NO_BODY = new Uint8Array();
const op = (method: string, path: string) =>
  genericDialect.describe({ protocol: 'http', method, path, headers: [], body: NO_BODY }).op;
const rpcOp = (path: string) =>
  genericDialect.describe({ protocol: 'grpc', method: 'POST', path, headers: [], body: NO_BODY }).op;

test('ids in a path become :id', () => {
  const rows: [string, string][] = [
    ['/', 'GET /'],
    ['/a/b?x=1', 'GET /a/b'],
    ['/users/42/posts', 'GET /users/:id/posts'],
    ['/api/v1/items/550e8400-e29b-41d4-a716-446655440000', 'GET /api/v1/items/:id'],
    ['/blob/deadbeefcafe', 'GET /blob/:id'],
    ['/m/mem_12ab34cd', 'GET /m/:id'],
    ['/k/QmYwAPJzv5CZsnAzt8auVZRnGivqmPkGQ3YkXoKWwbVn', 'GET /k/:id'],
    ['/find/hello%20world', 'GET /find/:id'],
    ['//double//slash/', 'GET /double/slash'],
    ['http://example.test/a/7', 'GET /a/:id'],
    ['/1/2/3/4/5/6/7/8/9/10', `GET ${'/:id'.repeat(8)}/…`],
  ];
  for (const [path, expected] of rows) assert.equal(op('GET', path), expected, path);
});

test('a method is one of HTTP or OTHER', () => {
  assert.equal(op('patch', '/a'), 'PATCH /a');
  assert.equal(op('EVIL1', '/a'), 'OTHER /a');
  assert.equal(op('OPTIONS', '*'), 'OPTIONS *');
});

test('a hostile path gives a short name', () => {
  assert.ok(op('GET', `/${'a'.repeat(100_000)}`).length < 50);
  assert.ok(op('GET', `/${'word/'.repeat(50_000)}`).length < 80);
});

test('an rpc is named by its service and method', () => {
  assert.equal(rpcOp('/pkg.v1.Service/Method'), 'Service/Method');
  assert.equal(rpcOp('/Service/Method'), 'Service/Method');
  for (const path of ['', '/', 'overall', '/a', '/a/b/c', `/${'S'.repeat(5000)}/M`, '/a b/c']) {
    assert.equal(rpcOp(path), 'grpc other', path);
  }
});
