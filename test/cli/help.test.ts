import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { buildCommand } from '../../src/cli/run-command.ts';
import { flagMeantBy } from '../../src/cli/settings/flag-meaning.ts';

async function commandNamed(name: string): Promise<Command> {
  const entry = COMMANDS.find((command) => command.name === name) ?? assert.fail(name);
  return buildCommand(entry);
}

function helpOf(command: Command): string {
  let help = '';
  const writeOut = (text: string): void => {
    help += text;
  };
  command.configureOutput({ writeOut });
  command.outputHelp();
  return help;
}

/** As a shell parts them, as far as the examples need it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

test('the help of every command shows two or three examples, and each parses', async () => {
  assert.deepEqual(Object.keys(EXAMPLES).sort(), COMMANDS.map(({ name }) => name).sort());
  for (const { name } of COMMANDS) {
    const examples = EXAMPLES[name] ?? [];
    assert.ok(examples.length >= 2 && examples.length <= 3, name);
    const help = helpOf(await commandNamed(name));
    for (const [line, purpose] of examples) {
      assert.ok(
        help.includes(`  # ${purpose}\n  engram-trace ${name} ${line}`.trimEnd()),
        `${name}: ${line}`,
      );
      const command = await commandNamed(name);
      let hasRun = false;
      command.action(() => {
        hasRun = true;
      });
      await command.parent?.parseAsync([name, ...wordsOf(line)], { from: 'user' });
      assert.ok(hasRun, `${name} ${line}`);
    }
  }
});

test('every value with a unit names it, and every flag with a value its default', async () => {
  for (const { name } of COMMANDS) {
    for (const option of (await commandNamed(name)).options) {
      const { flags, description, required, optional, mandatory, defaultValue } = option;
      const value = /[<[](\w+)[>\]]/.exec(flags)?.[1] ?? '';
      const what = `${name} ${flags}: ${description}`;
      if (['time', 'duration', 'range', 'spec', 'window', 'phases'].includes(value)) {
        assert.match(description, /seconds|\(s\)|ISO 8601|\d(ms|s|m)\b|as --/, what);
      }
      if (value === 'size') assert.match(description, /bytes/, what);
      if (required || optional) {
        assert.notDeepEqual(
          option.defaultValueDescription ?? defaultValue,
          [],
          `${what}: an empty list says none`,
        );
        assert.ok(mandatory || defaultValue !== undefined || /default/.test(description), what);
      }
      assert.ok(description !== '', what);
    }
  }
});

test('an unknown flag names the one that means it in that command', async () => {
  const table: [string, string, string][] = [
    ['replay', '--rate', '--rate-multiplier'],
    ['replay', '--speed=2', '--rate-multiplier'],
    ['replay', '--qps', '--timing'],
    ['replay', '--start', '--from'],
    ['replay', '--end', '--to'],
    ['replay', '--url', '--endpoint'],
    ['replay', '--target', '--endpoint'],
    ['replay', '--host', '--endpoint'],
    ['replay', '--concurrency', '--max-in-flight'],
    ['replay', '-c', '--max-in-flight'],
    ['replay', '--clients', '--copies'],
    ['replay', '--threads', '--senders'],
    ['replay', '-n', '--limit'],
    ['replay', '--repeat', '--loop'],
    ['replay', '--out', '--output'],
    ['replay', '--input', '--trace'],
    ['replay', '--token', '--header'],
    ['export', '--from', '--start'],
    ['export', '--to', '--end'],
    ['export', '--since', '--start'],
    ['export', '--oplog', '--source'],
    ['export', '--overwrite', '--force'],
    ['capture', '--source', '--oplog'],
    ['capture', '--target', '--http-upstream'],
    ['capture', '--port', '--http-listen'],
    ['capture', '--output', '--oplog'],
    ['cat', '-n', '--limit'],
    ['cat', '--start', '--from'],
    ['filter', '--start', '--from'],
    ['filter', '--count', '--limit'],
    ['filter', '--duration', '--to'],
    ['filter', '--exclude', '--invert'],
    ['calibrate', '--length', '--duration'],
    ['demo', '--output', '--results'],
    ['dev-server', '--port', '--http-port'],
    ['inspect', '--trace', 'inspect TRACE'],
    ['convert', '--output', 'convert INPUT OUTPUT'],
    ['convert', '--input', 'convert INPUT OUTPUT'],
  ];
  for (const [name, flag, expected] of table) {
    const hint = flagMeantBy(flag, await commandNamed(name));
    assert.match(hint ?? '', new RegExp(`^here it is .*${expected}( |:|$)`), `${name} ${flag}: ${hint}`);
  }
  assert.equal(flagMeantBy('--frobnicate', await commandNamed('replay')), undefined);
  assert.equal(flagMeantBy('--rate', await commandNamed('cat')), undefined);
});
