import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'));

/** What each folder of src/ may import of ours, besides itself. `cli` may import everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  gen: [],
  // Packages that the build puts into one file each, and the program.
  bundled: ['cli'],
  trace: ['gen', 'root'],
  dialects: ['trace', 'root'],
  wire: ['trace', 'root'],
  replay: ['trace', 'root'],
  sources: ['trace', 'dialects', 'transforms', 'root'],
  transforms: ['trace', 'dialects', 'root'],
  inspect: ['trace', 'root'],
  fit: ['trace', 'workload', 'nearness', 'root'],
  nearness: ['trace', 'results', 'inspect', 'root'],
  statistics: [],
  compare: ['results', 'statistics', 'check', 'workload', 'inspect', 'root'],
  check: ['results', 'statistics', 'inspect', 'root'],
  conversions: ['results', 'root'],
  suite: ['workload', 'results', 'root'],
  workload: ['trace', 'sources', 'replay', 'replay-run', 'root'],
  capture: ['trace', 'dialects', 'wire', 'root'],
  transports: ['bundled', 'trace', 'replay', 'wire', 'root'],
  results: ['trace', 'replay', 'root'],
  'replay-log': ['trace', 'replay', 'root'],
  verify: ['trace', 'dialects', 'replay', 'replay-log', 'results', 'check', 'root'],
  'null-sink': ['wire', 'root'],
  calibrate: ['trace', 'replay-run', 'results', 'root'],
  report: ['bundled', 'trace', 'results', 'root'],
  'dev-server': ['bundled', 'trace', 'dialects', 'gen', 'wire', 'root'],
  'replay-run': [
    'trace',
    'dialects',
    'transforms',
    'replay',
    'replay-log',
    'transports',
    'results',
    'null-sink',
    'root',
  ],
  library: [
    'trace',
    'sources',
    'replay',
    'replay-log',
    'replay-run',
    'results',
    'verify',
    'calibrate',
    'null-sink',
    'workload',
    'dialects',
    // Its doors give programs what these rooms make.
    'capture',
    'transforms',
    'fit',
    'nearness',
    'root',
  ],
  chaos: ['trace', 'wire', 'replay', 'transports', 'workload', 'results', 'replay-run', 'root'],
  watch: ['bundled', 'statistics', 'results', 'replay-run', 'root'],
  capacity: ['statistics', 'check', 'results', 'workload', 'root'],
  demo: ['trace', 'dev-server', 'report', 'results', 'transforms', 'root'],
};

/**
 * The rooms of a folder from the bottom up: each may import those before it. `.` are the files right in the folder: the
 * terms that its rooms share, or what puts the rooms together.
 */
const ROOMS: Record<string, readonly string[]> = {
  trace: [
    'bytes',
    'record',
    'stats',
    '.',
    'frames',
    'file',
    'block',
    'index',
    'ndjson',
    'op-log',
    'sniff',
    'read',
    'write',
  ],
  replay: ['.', 'plan', 'clock', 'release', 'engine'],
  'replay-run': ['target', 'source', 'connect', 'options', 'origin', 'prepare', 'warm-up', 'shards', '.'],
  transports: ['answer', 'request', 'connect', 'undici', 'grpc-js', 'wire-http', 'wire-grpc'],
  sources: ['.', 'ndjson', 'loadtest', 'open', 'op-log', 'export'],
  verify: ['measure', 'expect', '.'],
  cli: ['people', 'exit', 'settings', 'flags', 'output', 'input', 'text', 'commands', '.'],
  results: ['histogram', 'arrivals', 'answers', 'tally', 'health', 'document', 'verdict', '.'],
  capture: ['memory', 'redact', 'taps', 'relay', 'disk', 'op-log', '.', 'relays'],
  workload: ['streams', 'arrivals', 'scenario', 'values', 'requests', 'generate', 'clients'],
};

/** Files right under src/ that everyone may use: they know nothing. */
const LEAVES = [
  'blake3-hex.ts',
  'connect-trouble.ts',
  'duration.ts',
  'error.ts',
  'exact-math.ts',
  'hash.ts',
  'iso-time.ts',
  'listen-error.ts',
  'machine-names.ts',
  'min-heap.ts',
  'nearest.ts',
  'op-log-folder.ts',
  'parse-toml.ts',
  'refuse-unknown-options.ts',
  'stable-shapes.ts',
  'time-distribution.ts',
  'version.ts',
  'visible-text.ts',
  'wall-clock.ts',
];

/** The one folder (`x/`) or file that imports each third-party package. */
const OWNERS: Record<string, readonly string[]> = {
  '@bufbuild/protobuf': ['gen/'],
  '@noble/hashes': ['blake3-hex.ts'],
  '@grpc/grpc-js': ['bundled/grpc-js.ts'],
  commander: ['cli/'],
  echarts: ['bundled/echarts.ts'],
  'hdr-histogram-js': ['results/histogram/hdr-library.ts'],
  'log-update': ['cli/people/progress.ts'],
  luxon: ['bundled/luxon.ts'],
  'parse-prometheus-text-format': ['bundled/parse-prometheus.ts'],
  'smol-toml': ['parse-toml.ts'],
  'stream-json': ['sources/loadtest/'],
  undici: ['transports/'],
  'zstd-napi': ['trace/frames/zstd.ts'],
};

interface Import {
  from: string;
  to: string;
}

function importsOf(from: string): Import[] {
  const text = readFileSync(`${ROOT}src/${from}`, 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const found = text.matchAll(
    /^(?:import|export)\s[^;']*?from\s+'([^'\n]+)'|^import\s+'([^'\n]+)'|\b(?:import|require)\(\s*'([^'\n]+)'/gm,
  );
  return [...found].map((match) => ({ from, to: match[1] ?? match[2] ?? match[3] ?? '' }));
}

const IMPORTS = SOURCES.flatMap(importsOf);
const OURS = IMPORTS.filter(({ to }) => to.startsWith('.'));
const PACKAGES = IMPORTS.filter(({ to }) => !to.startsWith('.') && !to.startsWith('node:'));

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : 'root';
}

function roomOf(path: string): string {
  const [, room = '.', file] = path.split('/');
  return file === undefined ? '.' : room;
}

function resolved({ from, to }: Import): string {
  return posix.join(posix.dirname(from), to);
}

test('the imports are found', () => {
  assert.ok(SOURCES.length > 30);
  assert.ok(OURS.some(({ from, to }) => from === 'cli/program.ts' && to === './run-command.ts'));
  assert.ok(PACKAGES.some(({ from, to }) => from === 'cli/run-command.ts' && to === 'commander'));
});

test('folders import in one direction', () => {
  const wrong = OURS.filter((one) => {
    const [from, to] = [folderOf(one.from), folderOf(resolved(one))];
    if (from === to || from === 'cli' || one.from === 'index.ts') return false;
    if (to === 'root') return !LEAVES.includes(resolved(one)) || !(MAY_IMPORT[from] ?? []).includes('root');
    return !(MAY_IMPORT[from] ?? []).includes(to);
  });
  assert.deepEqual(wrong, []);
});

test('rooms import in one direction', () => {
  const wrong = OURS.filter((one) => {
    const [from, to] = [one.from, resolved(one)];
    const rooms = folderOf(from) === folderOf(to) ? ROOMS[folderOf(from)] : undefined;
    return rooms !== undefined && rooms.indexOf(roomOf(to)) > rooms.indexOf(roomOf(from));
  });
  assert.deepEqual(wrong, []);
});

test('every room has its place in the order', () => {
  const roomed = SOURCES.filter((path) => ROOMS[folderOf(path)] !== undefined);
  assert.deepEqual(
    roomed.filter((path) => !ROOMS[folderOf(path)]?.includes(roomOf(path))),
    [],
  );
});

test('no file imports itself in a circle, not for a type either', () => {
  // What is in no circle can be taken away: what imports nothing that is left, and what nothing that is left imports.
  const left = new Map(SOURCES.map((from) => [from, new Set<string>()]));
  for (const one of OURS) if (left.has(resolved(one))) left.get(one.from)?.add(resolved(one));
  for (let before = Infinity; left.size < before; ) {
    before = left.size;
    const wanted = new Set([...left.values()].flatMap((to) => [...to]));
    for (const [from, to] of left)
      if (!wanted.has(from) || ![...to].some((path) => left.has(path))) left.delete(from);
  }
  assert.deepEqual([...left.keys()], []);
});

test('every folder has its place in the order', () => {
  const folders = new Set(SOURCES.map(folderOf));
  const known = [...Object.keys(MAY_IMPORT), 'cli', 'root'];
  assert.deepEqual(
    [...folders].filter((folder) => !known.includes(folder)),
    [],
  );
});

test('imports of ours name a file that is there', () => {
  const missing = OURS.filter((one) => !SOURCES.includes(resolved(one)) && !resolved(one).endsWith('.json'));
  assert.deepEqual(missing, []);
});

test('each third-party package has one owner', () => {
  const wrong = PACKAGES.filter(({ from, to }) => {
    const name = Object.keys(OWNERS).find((known) => to === known || to.startsWith(`${known}/`));
    const owners = name === undefined ? [] : (OWNERS[name] ?? []);
    return !owners.some((owner) => from === owner || (owner.endsWith('/') && from.startsWith(owner)));
  });
  assert.deepEqual(wrong, []);
});

test('process, console, the wall clock and chance are met at the door only', () => {
  // What ends in -process is the entry point of a process of its own.
  const door = (from: string) =>
    from.startsWith('cli/') || from.startsWith('gen/') || /(^|\/)[a-z-]*(clock|-process)\.ts$/.test(from);
  const forbidden =
    /\b(process\.(stdout|stderr|stdin|env|argv|exit|exitCode|on)\b|console\.|Date\.now\(|Math\.random\()/;
  const wrong = SOURCES.filter((from) => {
    const code = readFileSync(`${ROOT}src/${from}`, 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    return !door(from) && forbidden.test(code);
  });
  assert.deepEqual(wrong, []);
});

test('an exported name names one thing', () => {
  const places = new Map<string, string[]>();
  for (const from of SOURCES.filter((path) => !path.startsWith('gen/'))) {
    const text = readFileSync(`${ROOT}src/${from}`, 'utf8');
    for (const [, name = ''] of text.matchAll(
      /^export (?:async )?(?:interface|(?:abstract )?class|type|const|function\*?) (\w+)/gm,
    ))
      places.set(name, [...(places.get(name) ?? []), from]);
  }
  assert.deepEqual(
    [...places].filter(([, files]) => files.length > 1),
    [],
  );
});
