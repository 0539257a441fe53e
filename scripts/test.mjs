// Runs the compiled tests: all of them, or those whose path contains one of the arguments.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** More than there are cores on a small machine: many tests mostly wait. */
const CONCURRENCY = 3;
const GROUPS = 4;
/** What takes longest starts first, so that nothing runs alone at the end. */
const LONG = ['cli/replay.test', 'e2e/verdict', 'cli/signals', 'e2e/replay-senders', 'capture/capture-disk'];
const UNIT_FOLDERS = /^dist\/test\/(dialects|inspect|replay|results|trace|transforms|verify|wire)\//;
/** These want a process of their own: what they touch, or hooks that would hold for every file of a group. */
const NOT_SHARED = /\bprocess\.|child_process|worker_threads|\bmock\b|^(before|after)(Each)?\(/m;

const wanted = process.argv.slice(2);
const files = readdirSync('dist/test', { recursive: true })
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => `dist/test/${name.replaceAll('\\', '/')}`)
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
if (files.length === 0) {
  process.stderr.write('no test matches\n');
  process.exit(1);
}
const units = wanted.length === 0 ? files.filter(isUnit) : [];
const alone = files.filter((name) => !units.includes(name));
run({ files: [...alone, ...grouped(units)], concurrency: CONCURRENCY })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(new Spec())
  .pipe(process.stdout);

function rank(name) {
  const place = LONG.findIndex((part) => name.includes(part));
  return place === -1 ? LONG.length : place;
}

function isUnit(name) {
  return UNIT_FOLDERS.test(name) && !NOT_SHARED.test(readFileSync(name, 'utf8'));
}

/** A process for each file costs more than most of these tests; a failure names its file all the same. */
function grouped(names) {
  rmSync('dist/test-groups', { recursive: true, force: true });
  mkdirSync('dist/test-groups');
  return Array.from({ length: Math.min(GROUPS, names.length) }, (_, group) => {
    const imports = names.filter((_, i) => i % GROUPS === group).map((name) => `import '../../${name}';\n`);
    const entry = `dist/test-groups/units-${group + 1}.test.js`;
    writeFileSync(entry, imports.join(''));
    return entry;
  });
}
