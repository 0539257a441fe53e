import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { applySettings, settableFlags, variableOf } from '../../src/cli/settings/settings.ts';
import type { EngramTraceError } from '../../src/error.ts';
import { VERSION } from '../../src/version.ts';
import { newFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

const LINE = '{"start_ns":1,"op":"recall","path":"/r","session":"a","outcome":{"status":200,"ok":true}}\n';

async function configFile(text: string): Promise<string> {
  const path = join(folder, `config-${Math.random().toString(36).slice(2)}.toml`);
  await writeFile(path, text);
  return path;
}

/** The path of a trace of these lines. */
async function traceFile(lines: string): Promise<string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.ndjson`);
  await writeFile(path, lines);
  return path;
}

test('help lists every command, on stdout; without a command it is an error', async () => {
  const help = await runCli(['--help']);
  assert.equal(help.code, 0);
  for (const { name, summary } of COMMANDS) assert.ok(help.stdout.includes(summary), name);
  const none = await runCli([]);
  assert.deepEqual([none.code, none.stdout, none.stderr], [2, '', help.stdout]);
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.equal(VERSION, version);
  assert.equal((await runCli(['--version'])).stdout, `${version}\n`);
});

test('every command has its help, with --config and --quiet', async () => {
  const helps = await Promise.all(COMMANDS.map(({ name }) => runCli([name, '--help'])));
  for (const [number, { name }] of COMMANDS.entries()) {
    const help = helps[number] ?? assert.fail();
    assert.equal(help.code, 0, `${name}: ${help.stderr}`);
    assert.match(help.stdout, new RegExp(`^Usage: engram-trace ${name}`));
    assert.match(help.stdout, /--config <file>[\s\S]*--help/);
    assert.match(help.stdout, /--quiet/);
  }
  assert.equal((await runCli(['help', 'filter'])).stdout, (await runCli(['filter', '--help'])).stdout);
});

test('unknown commands and flags name the nearest known one', async () => {
  const command = await runCli(['exprot']);
  assert.deepEqual([command.code, command.stdout], [2, '']);
  assert.equal(command.stderr, "engram-trace: unknown command 'exprot'\n  Did you mean export?\n");
  const flag = await runCli(['export', '--outptu', 'x']);
  assert.equal(flag.code, 2);
  assert.equal(flag.stderr, "engram-trace: unknown flag '--outptu'\n  Did you mean --output?\n");
  const far = await runCli(['filter', '--frobnicate']);
  assert.equal(
    far.stderr,
    "engram-trace: unknown flag '--frobnicate'\n  engram-trace filter --help lists the flags.\n",
  );
  const first = await runCli(['--hepl']);
  assert.equal(first.stderr, "engram-trace: unknown flag '--hepl'\n  Did you mean --help?\n");
});

test('wrong values tell the flag, its value and how to write it', async () => {
  const table: [string[], RegExp][] = [
    [['filter', '--status', '9xx9'], /'9xx9' is not a status\n {2}Write it like/],
    [['filter', '--latency', '10ms'], /--latency: '10ms' is not a range of latencies/],
    [['filter', '--limit', '-1'], /--limit: '-1' is not a whole number/],
    [['filter', '--sample', '1.5'], /--sample: '1.5' is not a ratio/],
    [['filter', '--format', 'csv'], /--format.*'csv' is invalid.*trace, ndjson, ndjson\.zst/],
    [['filter', '--ok', '--failed'], /'--ok' cannot be used with.*'--failed'/],
    [['filter', '--from', '2025-02-30T00:00:00Z'], /--from: '2025-02-30T00:00:00Z' is not a time/],
    [['repair', 'x'], /required flag '-o, --output <file>' not specified/],
    [['export', '--source', 's', '--output', 'x', '--end', 'now', '--duration', '1'], /cannot be used with/],
    [['export', '--source', 's', '--output', 'x', '--duration', '1y'], /--duration: '1y' is not a duration/],
    [['cat', 'a', 'b', 'c'], /too many arguments for 'cat'\. .* The first too many is 'b'\.\n/],
    [
      ['filter', '--latency', '1s..10ms'],
      /--latency: '1s\.\.10ms' ends before it begins.*\n {2}Write it 10ms\.\.1s/,
    ],
    [['filter', '--status', '700'], /'700' is not a status\n/],
    [['dev-server', '--http-port', '70000'], /--http-port: '70000' is not a port/],
    [['filter', '--op'], /flag '--op <name>' argument missing/],
  ];
  const results = await Promise.all(table.map(([args]) => runCli(args)));
  for (const [number, [args, expected]] of table.entries()) {
    const { code, stdout, stderr } = results[number] ?? assert.fail();
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, expected);
    assert.ok(stderr.split('\n').length <= 3, stderr);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

test('a variable sets what the command line leaves open', async () => {
  const trace = await traceFile(LINE.repeat(3));
  const run = async (args: string[], env: Record<string, string>) =>
    (await runCli(['cat', trace, ...args], { env })).stdout.split('\n').length - 2;
  assert.equal(await run([], { ENGRAM_TRACE_LIMIT: '1' }), 1);
  assert.equal(await run(['--limit', '2'], { ENGRAM_TRACE_LIMIT: '1' }), 2);
  assert.equal(await run([], { ENGRAM_TRACE_LIMIT: '' }), 3);
  const bad = await runCli(['cat', trace], { env: { ENGRAM_TRACE_LIMIT: 'many' } });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /^engram-trace: ENGRAM_TRACE_LIMIT: 'many' is not a whole number\n/);
});

test('every flag of every command has its variable, and one that is wrong is named', async () => {
  for (const { name, load } of COMMANDS) {
    const flags = settableFlags(await load());
    assert.ok(flags.length > 0, name);
    for (const flag of flags) {
      const variable = variableOf(flag);
      const command = await load();
      try {
        applySettings(command, () => false, { [variable]: 'maybe' }, new Map());
      } catch (thrown) {
        // A value that this flag does not take.
        assert.match(
          String((thrown as EngramTraceError).where),
          new RegExp(`^${variable}`),
          `${name} --${flag}`,
        );
        continue;
      }
      const set = command.options.filter((option) => {
        return command.getOptionValueSource(option.attributeName()) === 'env';
      });
      assert.ok(
        set.some(({ long }) => long?.replace(/^--(no-)?/, '') === flag),
        `${name} --${flag}`,
      );
    }
  }
});

test('switches can be turned on and off by a variable, and nothing else', async () => {
  const args = ['filter', await traceFile(LINE), '--format', 'ndjson'];
  const run = (value: string) => runCli(args, { env: { ENGRAM_TRACE_INVERT: value } });
  assert.doesNotMatch((await run('1')).stdout, /start_ns":1,/);
  assert.match((await run('0')).stdout, /start_ns":1,/);
  const off = await runCli([...args, '--failed'], { env: { ENGRAM_TRACE_OK: '0' } });
  // Nothing failed there, so nothing is kept: that is 1. A conflict of switches would be 2.
  assert.equal(off.code, 1, 'a switch set to false conflicts with nothing');
  const bad = await run('perhaps');
  assert.deepEqual(
    [bad.code, bad.stderr],
    [2, "engram-trace: ENGRAM_TRACE_INVERT: 'perhaps' is neither true nor false\n"],
  );
});

test('a repeatable flag on the command line replaces the values of the variable', async () => {
  const trace = await traceFile(LINE + LINE.replace('recall', 'search') + LINE.replace('recall', 'get'));
  const ops = async (args: string[]) => {
    const env = { ENGRAM_TRACE_OP: 'recall\nsearch' };
    const { stdout } = await runCli(['filter', trace, '--format', 'ndjson', ...args], { env });
    return [...stdout.matchAll(/"op":"(\w+)"/g)].map((match) => match[1]);
  };
  assert.deepEqual(await ops([]), ['recall', 'search']);
  assert.deepEqual(await ops(['--op', 'get']), ['get']);
});

test('the configuration file: section of the command, behind variables and flags', async () => {
  const config = await configFile('quiet = true\n[cat]\nlimit = 1\n[replay]\nrate_multiplier = 2\n');
  const trace = await traceFile(LINE.repeat(3));
  const lines = async (args: string[], env: Record<string, string> = {}) => {
    const { stdout, stderr } = await runCli(['cat', trace, ...args], { env });
    assert.equal(stderr, '');
    return stdout.split('\n').length - 2;
  };
  assert.equal(await lines(['--config', config]), 1);
  assert.equal(await lines([], { ENGRAM_TRACE_CONFIG: config }), 1);
  assert.equal(await lines(['--config', config], { ENGRAM_TRACE_LIMIT: '2' }), 2);
  assert.equal(await lines(['--config', config, '--limit', '3'], { ENGRAM_TRACE_LIMIT: '2' }), 3);
});

test('mistakes in the configuration file are told with the file and the nearest name', async () => {
  const table: [string, RegExp][] = [
    ['[cat]\nlimti = 1\n', /unknown key in \[cat\] 'limti'\n {2}Did you mean limit\?/],
    ['[cta]\nlimit = 1\n', /unknown section 'cta'\n {2}Did you mean cat\?/],
    ['limit = 1\n', /unknown key outside a section 'limit'/],
    ['[cat]\nlimit = "x"\n', /\[cat\] limit: 'x' is not a whole number/],
    ['[cat]\nskip-damaged = 1\n', /\[cat\] skip-damaged: must be true or false/],
    ['[cat\n', /configuration file .*, line 1/],
  ];
  for (const [text, expected] of table) {
    const { code, stderr } = await runCli(['cat', '--config', await configFile(text)]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
    assert.match(stderr, /config-\w+\.toml/);
  }
  const missing = await runCli(['cat', '--config', join(folder, 'none.toml')]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /none\.toml/);
});

test('a stack is shown only where ENGRAM_TRACE_DEBUG asks for it', async () => {
  const args = ['cat', join(folder, 'not-there')];
  assert.doesNotMatch((await runCli(args)).stderr, /^\s+at /m);
  assert.match((await runCli(args, { env: { ENGRAM_TRACE_DEBUG: '1' } })).stderr, /^\s+at /m);
});
