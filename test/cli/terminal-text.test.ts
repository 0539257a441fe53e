import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { summaryLines } from '../../src/cli/text/capture-text.ts';
import { emptyLoss } from '../../src/trace/record/record.ts';
import { linesText } from '../../src/visible-text.ts';
import { run as runProgram } from '../capture/support.ts';
import { newFolder } from '../support/folders.ts';
import { missing } from '../support/missing.ts';
import { ok, startServer, type TestServer } from './replay-support.ts';
import { MAIN, runCli } from './run-cli.ts';

/** Colours, a title, a line of ours that is forged, 8-bit escapes, turned text, odd line ends, half a pair. */
const HOSTILE = '\x1b[31m\x1b]0;T\x07\nforged line\r\x9b2J\x7f\u202e\u2028\u200b\ud800';
/** As a file system and a server take it. */
const WELL_FORMED = HOSTILE.replace('\ud800', '');
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const FORGED = /^forged line/m;
const noPython = missing('python3');

let folder = '';
let trace = '';
let grpcPort = 0;
let http: TestServer;
const grpc = createServer();

before(async () => {
  folder = newFolder();
  trace = join(folder, 'hostile\x1b[31m\n.ndjson');
  const names = { op: HOSTILE, space: HOSTILE, session: HOSTILE };
  const records = [
    {
      start_ns: 0,
      path: '/s.S/M',
      protocol: 'grpc',
      ...names,
      headers: [['content-type', 'application/grpc']],
    },
    { start_ns: 1e6, path: '/plain', method: 'GET', ...names },
    { start_ns: 2e6, path: `/${HOSTILE}`, method: 'GET', ...names, headers: [[`x${HOSTILE}`, HOSTILE]] },
    { start_ns: 3e6, path: '/plain', method: `G${HOSTILE}`, ...names },
  ];
  await writeFile(trace, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  grpc.on('stream', (stream) => {
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '13',
        'grpc-message': encodeURIComponent(WELL_FORMED),
      },
      { endStream: true },
    );
  });
  grpc.listen(0, '127.0.0.1');
  await once(grpc, 'listening');
  grpcPort = (grpc.address() as AddressInfo).port;
  http = await startServer(ok);
});

after(async () => {
  grpc.close();
  await http.close();
});

function mustBeShown(text: string, what: string): void {
  assert.doesNotMatch(text.replaceAll('\n', ''), RAW, `${what}: ${JSON.stringify(text)}`);
  assert.doesNotMatch(text, FORGED, what);
}

describe('text from a trace, a server, a file name or a flag reaches the terminal shown, never raw', () => {
  const texts: [string, () => string[]][] = [
    ['inspect', () => ['inspect', trace]],
    ['inspect --json', () => ['inspect', '--json', trace]],
    ['inspect --record', () => ['inspect', '--record', '2', trace]],
    ['filter', () => ['filter', trace, '-o', join(folder, `filtered${WELL_FORMED}.trace.zst`)]],
    ['convert', () => ['convert', trace, join(folder, `converted${WELL_FORMED}.json`)]],
    ['replay --dry-run', () => ['replay', '--dry-run', '--trace', trace, ...targets()]],
    ['replay --dry-run --json', () => ['replay', '--dry-run', '--json', '--trace', trace, ...targets()]],
    [
      'replay',
      () => [
        'replay',
        '--trace',
        trace,
        ...targets(),
        '-o',
        join(folder, 'r.json'),
        '--replay-log',
        join(folder, 'r.log'),
      ],
    ],
    ['a document on stdout', () => ['replay', '--trace', trace, ...targets()]],
    ['verify --all', () => ['verify', '--all', join(folder, 'r.log'), join(folder, 'r.json')]],
    ['verify --json', () => ['verify', '--json', join(folder, 'r.log'), join(folder, 'r.json')]],
    ['no such file', () => ['inspect', `none${HOSTILE}`]],
    ['no such command', () => [`none${HOSTILE}`]],
    ['a bad value', () => ['filter', '--latency', HOSTILE, trace]],
    ['a bad name', () => ['cat', join(folder, 'a'), HOSTILE]],
    ['a bad op log', () => ['export', '--source', `none${HOSTILE}`, '-o', join(folder, 'e.trace.zst')]],
  ];
  for (const [name, args] of texts) {
    it(name, async () => {
      const { stdout, stderr } = await runCli(args());
      assert.ok(stdout + stderr !== '');
      mustBeShown(stderr, `${name}, stderr`);
      // JSON of a document is data, and shown all the same.
      mustBeShown(stdout, `${name}, stdout`);
    });
  }

  it('what the server said is told, in one line', async () => {
    const { stderr } = await runCli(['replay', '--trace', trace, ...targets(), '-o', join(folder, 's.json')]);
    assert.match(stderr, /\\x1b\[31m.*\\nforged line\\r/);
  });

  it('what capture gave up on', () => {
    const summary = {
      ...{ connections: 1, openConnections: 0, unreachable: 1, gaveUp: 1, lastGaveUp: HOSTILE, records: 0 },
      ...{
        recordsDropped: 0,
        bodiesTruncated: 0,
        pendingBytes: 0,
        segments: 0,
        bytesWritten: 0,
        blocksLost: 1,
      },
      ...{ lastWriteError: HOSTILE, untoldLoss: emptyLoss() },
    };
    mustBeShown(linesText(summaryLines(summary as never)), 'summary');
  });

  it('records on a terminal, with the same meaning', { skip: noPython }, async () => {
    const onTerminal = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
    const cat = [process.execPath, MAIN, 'cat', '--no-header', trace];
    const { stdout } = await runProgram('python3', ['-c', onTerminal, ...cat]);
    const text = stdout.replaceAll('\r\n', '\n');
    mustBeShown(text, 'cat');
    const piped = await runCli(['cat', '--no-header', trace]);
    const parsed = (lines: string): unknown[] =>
      lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    assert.deepEqual(parsed(text), parsed(piped.stdout));
  });
});

function targets(): string[] {
  return ['--endpoint', http.url, '--grpc-endpoint', `127.0.0.1:${grpcPort}`];
}
