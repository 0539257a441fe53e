import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { describe, it } from 'node:test';
import { HostSource } from '../../src/watch/host/host-source.ts';
import { parseCpuTime, parseDisks, parseMemory, parseNetwork } from '../../src/watch/host/parse-host.ts';
import { PROC_FILES, type ProcFiles } from '../../src/watch/proc-files.ts';
import { parseProcessStat } from '../../src/watch/process/parse-process.ts';
import { ProcessSource } from '../../src/watch/process/process-source.ts';
import { GoneError, type ResourceReading } from '../../src/watch/reading.ts';
import { fetchPage } from '../../src/watch/scrape/fetch-page.ts';
import { parsePage } from '../../src/watch/scrape/parse-page.ts';
import { MOST_SCRAPED, ScrapeSource } from '../../src/watch/scrape/scrape-source.ts';

/** Field 14 and 15 are its CPU time, 20 its threads, 22 when it started. */
const statOf = (ticks: number, startTicks = 77, state = 'S') =>
  `42 (a ) b (c) ${state} ${'0 '.repeat(10)}${ticks} 5 0 0 20 0 9 0 ${startTicks} 0 0`;

const failing = (code: string, path: string) => Object.assign(new Error(`${code} ${path}`), { code });

function files(texts: Record<string, string>): ProcFiles {
  const missing = (path: string) => Promise.reject(failing('ENOENT', path));
  return {
    read: (path) => (path in texts ? Promise.resolve(texts[path] ?? '') : missing(path)),
    list: (path) => (path in texts ? Promise.resolve((texts[path] ?? '').split(' ')) : missing(path)),
  };
}

const valuesOf = (readings: readonly ResourceReading[]) =>
  Object.fromEntries(readings.map(({ metric, value }) => [metric, value]));

describe('a process', () => {
  it('is read from /proc, whatever its name holds', async () => {
    assert.deepEqual(parseProcessStat(statOf(95)), { cpuS: 1, threads: 9, startTicks: 77, isDead: false });
    const texts: Record<string, string> = {
      '/proc/42/stat': statOf(95),
      '/proc/42/status':
        'Name:\tx\nVmRSS:\t  2048 kB\nvoluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t5\n',
      '/proc/42/fd': '0 1 2',
    };
    const source = new ProcessSource(42, 4, files(texts));
    assert.deepEqual(valuesOf(await source.read(0)), { rss_bytes: 2 ** 21, threads: 9, open_files: 3 });
    texts['/proc/42/stat'] = statOf(395);
    texts['/proc/42/io'] = 'rchar: 9\nread_bytes: 4096\nwrite_bytes: 0\n';
    const later = valuesOf(await source.read(2e9));
    assert.equal(later['cpu_percent'], 150);
    assert.equal(later['machine_cpu_percent'], 37.5);
    assert.equal(later['context_switches_per_s'], 0);
    assert.equal(later['read_bytes_per_s'], undefined, 'there is no reading before it');
  });

  it('that ends, or whose number another one has, is gone', async () => {
    const texts: Record<string, string> = { '/proc/42/stat': statOf(95) };
    const source = new ProcessSource(42, 1, files(texts));
    await source.read(0);
    texts['/proc/42/stat'] = statOf(1, 78);
    await assert.rejects(
      source.read(1e9),
      (error: Error) => error instanceof GoneError && /another one/.test(error.message),
    );
    texts['/proc/42/stat'] = statOf(95, 77, 'Z');
    await assert.rejects(source.read(2e9), GoneError);
    await assert.rejects(new ProcessSource(42, 1, files({})).read(0), GoneError);
  });

  it('is still there where only its reading failed', async () => {
    const texts: Record<string, string> = { '/proc/42/stat': statOf(95) };
    const here = files(texts);
    let code = 'EMFILE';
    const source = new ProcessSource(42, 1, { ...here, read: (path) => Promise.reject(failing(code, path)) });
    for (code of ['EMFILE', 'ENFILE', 'EACCES', 'EIO'])
      await assert.rejects(
        source.read(0),
        (error: Error) => !(error instanceof GoneError) && error.message.includes(code),
      );
    code = 'ESRCH';
    await assert.rejects(source.read(1e9), GoneError);
    const noFiles = new HostSource({ ...here, read: (path) => Promise.reject(failing('EMFILE', path)) });
    await assert.rejects(noFiles.read(0), /EMFILE/);
  });

  it('and this machine can be read for real', async () => {
    const own = valuesOf(await new ProcessSource(process.pid, 1, PROC_FILES).read(0));
    assert.ok((own['rss_bytes'] ?? 0) > 10e6);
    const host = new HostSource(PROC_FILES);
    await host.read(0);
    const percent = valuesOf(await host.read(1e9))['memory_percent'] ?? -1;
    assert.ok(percent > 0 && percent < 100, `${percent}`);
  });
});

describe('a machine', () => {
  const cpu = (busy: number, idle: number, steal: number) =>
    `cpu  ${busy} 0 0 ${idle} 0 0 0 ${steal} 0 0\ncpu0 1 1`;
  const disk = (name: string, done: number, doneMs: number, busyMs: number, weightedMs: number) =>
    `   8       0 ${name} ${done} 0 0 ${doneMs} 0 0 0 0 0 ${busyMs} ${weightedMs}`;

  it('has CPU, steal, memory, disks and network as rates of what only grows', async () => {
    const texts: Record<string, string> = {
      '/sys/block': 'sda loop0',
      '/sys/class/net/eth0/speed': '1000\n',
      '/proc/stat': cpu(100, 100, 0),
      '/proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n',
      '/proc/vmstat': 'pswpin 5\npswpout 5\n',
      '/proc/diskstats': [disk('sda', 0, 0, 0, 0), disk('sda1', 0, 0, 0, 0), disk('loop0', 0, 0, 0, 0)].join(
        '\n',
      ),
      '/proc/net/dev': 'Inter-|\n face |bytes\n    lo: 5 0 0 0 0 0 0 0 5 0\n  eth0: 0 0 0 0 0 0 0 0 0 0\n',
    };
    const source = new HostSource(files(texts));
    await source.read(0);
    Object.assign(texts, {
      '/proc/stat': cpu(150, 140, 10),
      '/proc/vmstat': 'pswpin 25\npswpout 5\n',
      '/proc/diskstats': [disk('sda', 100, 400, 500, 3000), disk('loop0', 1, 1e6, 1e6, 1e6)].join('\n'),
      '/proc/net/dev': '    lo: 9e9 0 0 0 0 0 0 0 9 0\n  eth0: 62500000 0 0 0 0 0 0 0 1000 0\n',
    });
    assert.deepEqual(valuesOf(await source.read(1e9)), {
      cpu_percent: 60,
      steal_percent: 10,
      memory_used_bytes: 768_000,
      memory_percent: 75,
      swap_used_bytes: 6144,
      swapped_pages_per_s: 20,
      disk_util_percent: 50,
      disk_queue: 3,
      disk_latency_ms: 4,
      network_received_bytes_per_s: 62_500_000,
      network_sent_bytes_per_s: 1000,
      network_percent: 50,
    });
  });

  it('tells nothing of what it can not read', async () => {
    assert.deepEqual(await new HostSource(files({})).read(0), []);
    assert.equal(parseCpuTime('cpu  1 2 x 4 5 6 7 8'), undefined);
    assert.deepEqual(
      parseDisks('8 0 sda 1 2', () => true),
      [],
    );
    assert.deepEqual(parseNetwork('eth0: 1 2'), []);
    assert.deepEqual(parseMemory(''), { total: undefined, available: undefined, swapUsed: undefined });
  });
});

async function withPage<T>(
  listener: RequestListener,
  use: (url: string, server: Server) => Promise<T>,
): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  try {
    return await use(`http://127.0.0.1:${port}/metrics`, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const PAGE = `# TYPE requests counter
requests_total{code="200",path="a\\"b"} 10 # {trace_id="x"} 0.5 1.2
# TYPE took_seconds histogram
took_seconds_bucket{le="1"} 3
took_seconds_bucket{le="+Inf"} 4
took_seconds_sum 3.5
took_seconds_count 4
# TYPE queue gauge
queue 7 1700000000000
cache_bytes NaN
# EOF
`;

describe('a page of metrics', () => {
  it('is read with its labels; of histograms count and sum; NaN is no number', () => {
    assert.deepEqual(
      parsePage(PAGE).map(({ name, value, isCounter }) => [name, value, isCounter]),
      [
        ['requests_total{code="200",path="a\\"b"}', 10, true],
        ['took_seconds_count', 4, true],
        ['took_seconds_sum', 3.5, true],
        ['queue', 7, false],
      ],
    );
  });

  it('has rates of its counters, over restarts too, and only the metrics that were asked for', async () => {
    let total = 10;
    const source = new ScrapeSource(
      () => Promise.resolve(`requests_total ${total}\nqueue 7\nother 1\n`),
      ['req*', 'queue'],
    );
    assert.deepEqual(valuesOf(await source.read(0)), { queue: 7 });
    total = 30;
    assert.deepEqual(valuesOf(await source.read(2e9)), { 'requests_total:rate': 10, queue: 7 });
    total = 4;
    assert.deepEqual(valuesOf(await source.read(4e9)), { 'requests_total:rate': 2, queue: 7 });
    const none = new ScrapeSource(() => Promise.resolve('queue 7\n'), ['nothing*']);
    await assert.rejects(none.read(0), /none of its 1 metrics/);
    await assert.rejects(new ScrapeSource(() => Promise.resolve('it works!\n'), []).read(0), /no metrics/);
  });

  it('with ten thousand metrics gives the first fifty, and says how many are left out', async () => {
    const page = Array.from({ length: 10_000 }, (_, i) => `m${i} ${i}`).join('\n');
    const source = new ScrapeSource(() => Promise.resolve(page), []);
    assert.equal((await source.read(0)).length, MOST_SCRAPED);
    assert.ok(source.leftOut.size >= MOST_SCRAPED);
  });

  it('that is none, too large, too slow or cut off is an error in plain words', async () => {
    const answers: [RequestListener, RegExp, number?][] = [
      [(_, answer) => answer.writeHead(404).end(), /it answers 404/],
      [(_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), /text\/html/],
      [(_, answer) => void answer.write('a 1\n'), /no whole answer within 0.1 s/, 100],
      [() => {}, /no whole answer within 0.1 s/, 100],
      [(request) => void request.socket.destroy(), /ECONNRESET|socket hang up/],
      [
        (_, answer) => {
          const more = () =>
            void (answer.write(Buffer.alloc(2 ** 16, 'a 1\n'))
              ? setImmediate(more)
              : answer.once('drain', more));
          answer.on('error', () => {});
          more();
        },
        /more than 1 MiB/,
      ],
    ];
    for (const [listener, message, timeoutMs = 30_000] of answers)
      await withPage(listener, (url) => assert.rejects(fetchPage(url, timeoutMs, 2 ** 20), message));
    await assert.rejects(fetchPage('http://127.0.0.1:1/', 30_000), /ECONNREFUSED/);
    await withPage(
      (_, answer) => void answer.end(PAGE),
      async (url) => {
        assert.equal(await fetchPage(url, 30_000), PAGE);
      },
    );
  });
});
