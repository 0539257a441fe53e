import { readdirSync } from 'node:fs';

const NOT_BENCHES = new Set(['main', 'support']);

/** The benches that were compiled: one file each, exporting `run`. */
function listBenches(): string[] {
  const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.js'));
  return names.map((name) => name.slice(0, -'.js'.length)).filter((name) => !NOT_BENCHES.has(name));
}

const name = process.argv[2];
if (name !== undefined && listBenches().includes(name)) {
  const bench = (await import(`./${name}.js`)) as { run(): Promise<void> };
  await bench.run();
} else {
  if (name !== undefined) console.error(`There is no bench ${name}.`);
  console.error(`npm run bench -- NAME, where NAME is one of: ${listBenches().join(', ')}`);
  process.exitCode = name === undefined ? 0 : 2;
}
