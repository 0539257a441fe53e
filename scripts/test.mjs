// Runs the compiled tests: all of them, or those whose path contains one of the arguments. `--units` runs those of them
// that start no process; `--none-skipped` fails where a test was skipped that could have run on this machine.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** More than there are cores on a small machine: many tests mostly wait. */
const CONCURRENCY = 3;
/** What takes longest starts first, so that nothing runs alone at the end. */
const LONG = [
  ...[
    'capture/capture-memory',
    'cli/replay.test',
    'capture/capture-disk',
    'e2e/replay-senders',
    'cli/signals',
  ],
  ...['e2e/verdict', 'cli/stalled-outputs', 'capture/capture-command', 'package/'],
];
/** These want a process of their own, for what they measure or change in it. */
const NOT_SHARED = /\b(memoryUsage|resourceUsage|mock)\b|\bprocess\.(on|exit)\(|^(before|after)Each\(/m;
/** All others share processes, as a process for each file costs more than most of the tests in it. */
const GROUPS = [
  {
    name: 'services',
    folders: /^(calibrate|capture|demo|dev-server|replay-run|sources|transports)\//,
    processes: 4,
  },
  { name: 'e2e', folders: /^(e2e|library)\//, processes: 3 },
  { name: 'cli', folders: /^cli\//, processes: 4 },
  { name: 'units', folders: /./, processes: 6 },
];

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const names = readdirSync('dist/test', { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter(
    (name) =>
      name.endsWith('.test.js') && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
  )
  .sort();
const isUnits = flags.includes('--units');
const isWhole = wanted.length === 0;
const files = [
  ...(isWhole ? names.filter(isAlone).sort(longFirst).map(pathOf) : names.map(pathOf)),
  ...(isWhole || isUnits ? grouped() : []),
];
const chosen = isUnits ? files.filter((file) => file.includes('/units-')) : files;
if (chosen.length === 0) {
  process.stderr.write('no test matches\n');
  process.exit(1);
}
const needless = [];
run({ files: chosen, concurrency: CONCURRENCY })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .on('test:pass', ({ name, skip }) => {
    if (isNeedless(skip)) needless.push(`${name}: ${skip}`);
  })
  .on('end', () => {
    if (!flags.includes('--none-skipped') || needless.length === 0) return;
    process.stderr.write(`skipped, though nothing is missing for it:\n${needless.join('\n')}\n`);
    process.exitCode = 1;
  })
  .compose(new Spec())
  .pipe(process.stdout);

function pathOf(name) {
  return `dist/test/${name}`;
}

function isAlone(name) {
  return LONG.some((part) => name.includes(part)) || NOT_SHARED.test(readFileSync(pathOf(name), 'utf8'));
}

function longFirst(a, b) {
  const rank = (name) => LONG.findIndex((part) => name.includes(part)) >>> 0;
  return rank(a) - rank(b);
}

/** Writes a file for each process that is shared, and gives their paths. A failure names its own file all the same. */
function grouped() {
  rmSync('dist/test-groups', { recursive: true, force: true });
  mkdirSync('dist/test-groups');
  const shared = names.filter((name) => !isAlone(name));
  return GROUPS.flatMap(({ name: group, processes }) => {
    const members = shared.filter((name) => GROUPS.find((one) => one.folders.test(name))?.name === group);
    return Array.from({ length: processes }, (_, number) => {
      const imports = members
        .filter((_, i) => i % processes === number)
        .map((name) => `import '../test/${name}';\n`);
      const path = `dist/test-groups/${group}-${number + 1}.test.js`;
      writeFileSync(path, imports.join(''));
      return path;
    });
  });
}

/** Whether a test was skipped for want of a program that is there. */
function isNeedless(reason) {
  const program = /^(\S+) is not installed$/.exec(reason)?.[1];
  return program !== undefined && spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
