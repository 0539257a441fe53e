import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Dialect, RequestView } from '../../src/dialects/dialect.ts';
import { findHttpRoute, findRpcRoute } from '../../src/dialects/engram-routes.ts';
import { findDialect } from '../../src/dialects/find-dialect.ts';

const text = readFileSync(new URL('../../../docs/dialects.md', import.meta.url), 'utf8');

/** Rows of the tables of a section whose first column is called so, without the marks of code. */
function rowsOf(section: string, firstColumn: string): string[][] {
  const [, body = ''] = text.split(`\n## ${section}\n`);
  const rows: string[][] = [];
  let isIn = false;
  for (const line of (body.split('\n## ')[0] ?? '').split('\n')) {
    const cells = line.split('|').slice(1, -1);
    const plain = cells.map((cell) => cell.trim().replaceAll('`', ''));
    if (plain[0] === firstColumn) isIn = true;
    else if (plain.length === 0) isIn = false;
    else if (isIn && !plain[0]?.startsWith('---')) rows.push(plain);
  }
  return rows;
}

function request(line: string): RequestView {
  const at = line.indexOf(' ');
  const [method, path] = [line.slice(0, at), line.slice(at + 1)];
  return { protocol: 'http', method, path, headers: [], body: new Uint8Array() };
}

function call(path: string): RequestView {
  return { protocol: 'grpc', method: 'POST', path, headers: [], body: new Uint8Array() };
}

function writes(dialect: Dialect, view: RequestView): string {
  return dialect.isWrite({ ...view, op: dialect.describe(view).op }) ? 'yes' : 'no';
}

const listed = (spaceFrom: readonly string[] | undefined): string => spaceFrom?.join(', ') || '-';

describe('documentation of the dialects', () => {
  it('says how generic names requests and calls', () => {
    const generic = findDialect('generic');
    const requests = rowsOf('generic', 'request');
    const calls = rowsOf('generic', 'rpc');
    assert.ok(requests.length >= 15 && calls.length >= 3);
    for (const [line = '', op] of requests) assert.equal(generic.describe(request(line)).op, op, line);
    for (const [path = '', op] of calls) assert.equal(generic.describe(call(path)).op, op, path);
  });

  it('says of every route of engram its op, where its space comes from, and whether it writes', () => {
    const engram = findDialect('engram');
    const rows = rowsOf('engram', 'request');
    assert.ok(rows.length >= 42, `${rows.length}`);
    for (const [line = '', ...said] of rows) {
      const view = request(line);
      const route = findHttpRoute(view.method, view.path);
      assert.deepEqual(
        said,
        [engram.describe(view).op, listed(route?.spaceFrom), writes(engram, view)],
        line,
      );
    }
  });

  it('says the same of every rpc', () => {
    const engram = findDialect('engram');
    const rows = rowsOf('engram', 'rpc');
    assert.ok(rows.length >= 23, `${rows.length}`);
    for (const [name = '', ...said] of rows) {
      const view = call(`/engram.v1.EngramService/${name}`);
      const route = findRpcRoute(view.path);
      assert.deepEqual(
        said,
        [engram.describe(view).op, listed(route?.spaceFrom), writes(engram, view)],
        name,
      );
    }
  });

  it('says what memobuild calls each route, and which of them ask the cache', () => {
    const memobuild = findDialect('memobuild');
    const rows = rowsOf('memobuild', 'request');
    const lookups = rows.filter(([, , asks]) => asks === 'yes').map(([, op]) => op);
    assert.deepEqual(lookups.sort(), [...(memobuild.missStatus?.keys() ?? [])].sort());
    for (const [line = '', op] of rows) assert.equal(memobuild.describe(request(line)).op, op, line);
  });
});
