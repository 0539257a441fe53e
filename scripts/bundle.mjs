// Makes one file of each module in src/bundled/ with the package that it stands for, so that nobody has to install all of
// that package and what it wants itself: echarts is 63 MB, for a picture. Of the program it makes a file for each part
// that is loaded at once: to find and open 400 small files takes longer than to run them. The licences of all that is
// in them go beside.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const OUTPUT = 'dist/src/bundled';
const PROGRAM = 'src/bundled/program.ts';
const IN_PROGRAM = ['commander', 'hdr-histogram-js'];
const LICENCE_FILES = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'NOTICE', 'licenses/LICENSE-d3'];

const esbuild = await import('esbuild').catch(() => undefined);
if (esbuild === undefined) {
  process.stderr.write('nothing is bundled, and packages come from node_modules: npm ci installs esbuild\n');
  if (process.argv.includes('--required')) process.exitCode = 1;
} else {
  const common = {
    outdir: OUTPUT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Names stay: they are what a stack trace tells.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // zstd-napi is there or not. The other is only for grpc-js's Channelz service, which nobody serves here.
    external: ['zstd-napi', '@grpc/proto-loader'],
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  };
  const dependencies = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies);
  const entries = readdirSync('src/bundled').map((name) => `src/bundled/${name}`);
  for (const name of readdirSync(OUTPUT)) if (name.startsWith('program-')) rmSync(`${OUTPUT}/${name}`);
  const program = await esbuild.build({
    ...common,
    entryPoints: [PROGRAM],
    // What is not loaded costs nothing then: in one file it would be read, and half compiled.
    splitting: true,
    chunkNames: 'program-[hash]',
    plugins: [{ name: 'places', setup: keepPlaces }],
    // Packages stay in node_modules, but for those of many small files that a replay loads.
    external: [...common.external, ...dependencies.filter((name) => !IN_PROGRAM.includes(name))],
  });
  const packages = await esbuild.build({
    ...common,
    entryPoints: entries.filter((entry) => entry !== PROGRAM),
  });
  dropTypes('dist/src');
  writeFileSync(`${OUTPUT}/THIRD-PARTY.txt`, packagesIn(program, packages).map(licenceText).join('\n\n'));
}

/** Modules that look for files beside them find them where they would be, and other bundles stay files of their own. */
function keepPlaces({ onLoad, onResolve }) {
  onResolve({ filter: /\/bundled\/[\w-]+\.ts$/ }, ({ path, kind }) =>
    kind === 'entry-point' ? undefined : { path: `./${basename(path, '.ts')}.js`, external: true },
  );
  onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, 'utf8');
    if (!text.includes('import.meta.url')) return undefined;
    const from = relative('src/bundled', path).replace(/ts$/, 'js');
    const place = `new URL(${JSON.stringify(from)}, import.meta.url).href`;
    return { contents: text.replaceAll('import.meta.url', place), loader: 'ts' };
  });
}

/** Types that index.d.ts does not lead to are of use to nobody, and those of bundles lead to what is not installed. */
function dropTypes(folder) {
  const used = new Set();
  const use = (path) => {
    if (used.has(path)) return;
    used.add(path);
    const imports = readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.[jt]s['"]/g);
    for (const [, to] of imports) use(join(dirname(path), `${to}.d.ts`));
  };
  use(join(folder, 'index.d.ts'));
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (path.endsWith('.d.ts') && !used.has(path)) rmSync(path);
  }
}

function packagesIn(...builds) {
  const names = builds
    .flatMap(({ metafile }) => Object.keys(metafile.inputs))
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function licenceText(name) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const texts = LICENCE_FILES.map((file) => `${folder}/${file}`).filter(existsSync);
  if (texts.length === 0) throw new Error(`${name} has no licence file`);
  return [`${name} ${version} (${license})`, ...texts.map((path) => readFileSync(path, 'utf8').trim())].join(
    '\n\n',
  );
}
