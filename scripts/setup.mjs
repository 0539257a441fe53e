// Installs and builds what npm's scripts need; does nothing when that is done already. Lint and generate need the tools of
// tools/package.json too (`--tools`); all others do without, and are spared their 190 MB.
import { execSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const modifiedMs = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestMs(folder) {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(0, ...files.filter((f) => f.isFile()).map((f) => modifiedMs(`${f.parentPath}/${f.name}`)));
}

function run(command) {
  process.stderr.write(`> ${command}\n`);
  execSync(command, { stdio: ['ignore', 2, 2], env: { ...process.env, JOBS: process.env.JOBS ?? 'max' } });
}

function install(folder) {
  if (modifiedMs(`${folder}/node_modules/.package-lock.json`) >= modifiedMs(`${folder}/package-lock.json`))
    return;
  run(`npm ci --no-fund --no-audit --prefix ${folder}`);
}

install('.');
if (process.argv.includes('--tools')) install('tools');
const sourceMs = Math.max(...['src', 'test', 'bench'].map(newestMs), modifiedMs('tsconfig.json'));
if (modifiedMs('dist/built') < sourceMs) run('npm run --silent build');
