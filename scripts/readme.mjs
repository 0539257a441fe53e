// Runs the demo and puts what it printed, and the picture it drew, into the README: `npm run readme`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const demo = spawnSync(process.execPath, ['dist/src/cli/main.js', 'demo'], { encoding: 'utf8' });
if (demo.status !== 0) throw new Error(`the demo ended with ${demo.status}\n${demo.stderr}`);

const begin = '<!-- transcript: begin -->';
const end = '<!-- transcript: end -->';
const [before, rest] = readFileSync('README.md', 'utf8').split(begin);
const after = rest.split(end)[1];
const printed = `$ npm run --silent demo\n${demo.stdout.trimEnd()}`;
const transcript = printed.replaceAll(/^(?=.)/gm, '    ').replaceAll(/ +$/gm, '');
writeFileSync('README.md', `${before}${begin}\n\n${transcript}\n\n${end}${after}`);
copyFileSync('results/arrivals.svg', 'docs/arrivals.svg');
