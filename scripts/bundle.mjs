// Makes one file of each module in src/bundled/ with the package that it stands for, so that nobody has to install all of
// that package and what it wants itself: echarts is 63 MB, for a picture. The licences of all that is in them go beside.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const OUTPUT = 'dist/src/bundled';
const LICENCE_FILES = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'NOTICE', 'licenses/LICENSE-d3'];

const esbuild = await import('esbuild').catch(() => undefined);
if (esbuild === undefined) {
  process.stderr.write('nothing is bundled, and packages come from node_modules: npm ci installs esbuild\n');
  if (process.argv.includes('--required')) process.exitCode = 1;
} else {
  const { metafile } = await esbuild.build({
    entryPoints: readdirSync('src/bundled').map((name) => `src/bundled/${name}`),
    outdir: OUTPUT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Names stay: they are what a stack trace tells.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // Only for grpc-js's Channelz service, which nobody serves here.
    external: ['@grpc/proto-loader'],
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  });
  // Their types would lead to what is not installed; nothing that index.d.ts leads to uses them.
  for (const name of readdirSync(OUTPUT)) if (name.endsWith('.d.ts')) rmSync(`${OUTPUT}/${name}`);
  writeFileSync(`${OUTPUT}/THIRD-PARTY.txt`, packagesIn(metafile).map(licenceText).join('\n\n'));
}

function packagesIn({ inputs }) {
  const names = Object.keys(inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
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
