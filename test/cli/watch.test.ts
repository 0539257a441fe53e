import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';

/** Answers every request, has metrics, and a page that never ends. */
async function startTarget() {
  let asked = 0;
  const server = createServer((request, answer) => {
    asked += 1;
    if (request.url === '/metrics') answer.end(`asked_total ${asked}\n`);
    else if (request.url !== '/hangs') answer.end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { server, url: `http://127.0.0.1:${port}` };
}

test('a run is watched: the process, the machine, a page; one that hangs delays nothing and is told', () =>
  withFolder(watchARun));

async function watchARun(folder: string): Promise<void> {
  const [output, log] = [join(folder, 'results.json'), join(folder, 'replay.log')];
  const { server, url } = await startTarget();
  const load = [
    '--clients',
    '2',
    '--requests',
    '20',
    '--duration',
    '3',
    '--think',
    '100ms',
    '--endpoint',
    url,
  ];
  const watching = ['--watch-pid', `own=${process.pid}`, '--watch-host', '--scrape', `${url}/metrics`];
  const hanging = ['--scrape', `hanging=${url}/hangs`];
  const files = ['--output', output, '--replay-log', log];
  const { code, stderr } = await runCli(['run', ...load, ...watching, ...hanging, ...files]);
  server.closeAllConnections();
  server.close();
  assert.equal(code, 0, stderr);
  const { resources, windows } = JSON.parse(readFileSync(output, 'utf8'));
  const byName = Object.fromEntries(resources.watched.map((each: { name: string }) => [each.name, each]));
  assert.deepEqual(Object.keys(byName), ['own', 'host', 'scrape', 'hanging']);
  assert.ok(byName['own'].readings >= 2 && byName['hanging'].readings === 0 && byName['hanging'].missed > 0);
  assert.match(stderr, /\/hangs can't be read: no whole answer within 2 s/);
  for (const name of ['own.rss_bytes', 'host.memory_percent', 'scrape.asked_total:rate'])
    assert.ok(resources.series[name].max > 0, name);
  assert.ok(windows.some((window: { resources: object }) => 'own.rss_bytes' in window.resources));
  assert.match(stderr, /watched own \(pid \d+\): .*rss /);
  const verified = await runCli(['verify', log, output]);
  assert.equal(verified.code, 0, verified.stdout);
}

test('what can not be watched is refused before anything is sent', async () => {
  for (const [args, message] of [
    [['--watch-pid', '4194999'], /there is no process 4194999/],
    [['--watch-pid', 'engram'], /is no number of a process/],
    [['--watch-pid', 'Engram-1=4194999'], /'Engram-1' is no name for what is watched/],
    [['--scrape', 'localhost:9090'], /is no URL/],
    [['--scrape', '2nd=http://localhost/metrics'], /'2nd' is no name for what is watched/],
    [['--scrape', 'http://localhost:x/?a=b'], /is no URL/],
    [['--scrape', 'http://a:b@localhost/'], /no user and password/],
    [['--scrape-metric', 'a*'], /--scrape, which is not given/],
    [
      ['--watch-pid', `host=${process.pid}`, '--watch-host'],
      /two things that are watched have the name host/,
    ],
  ] as const) {
    const { code, stderr } = await runCli([
      'run',
      '--clients',
      '1',
      '--endpoint',
      'http://127.0.0.1:1',
      ...args,
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
