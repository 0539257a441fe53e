import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import { makeRunCommand, OF_BOTH, OF_PLANS } from '../../../src/cli/commands/run.ts';
import { withClientFlags } from '../../../src/cli/commands/run-clients.ts';
import { type LoadKind, REMEDIES, remedyFor } from '../../../src/results/verdict/remedies.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Codes in the first column of the tables under "Fidelity". */
function documentedCodes(): Set<string> {
  const page = readFileSync(`${ROOT}docs/results.md`, 'utf8');
  const section = /^## Fidelity$.*?^What the measures are/ms.exec(page)?.[0] ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Set(
    cells.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((m) => m[1] ?? '')),
  );
}

async function allFlags(): Promise<Set<string>> {
  const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
  const options = commands.flatMap(({ options }) => options);
  return new Set(options.flatMap(({ short, long }) => [short ?? '', long ?? '']));
}

/** What a remedy says of a recording that is to be made again. */
const OF_CAPTURE = new Set(['--max-body', '--buffer']);

describe('what helps against a reason of the verdict', () => {
  it('is known for every reason that is documented, and every reason is', () => {
    assert.deepEqual(Object.keys(REMEDIES).sort(), [...documentedCodes()].sort());
  });

  it('is one line that fits a terminal', () => {
    for (const [code, text] of Object.entries(REMEDIES)) {
      assert.ok(text.length > 10 && `    what helps: ${text}`.length <= 100, `${code}: ${text.length}`);
      assert.doesNotMatch(text, /\n|\.$/, code);
    }
  });

  it('names only flags that there are', async () => {
    const flags = await allFlags();
    for (const [code, text] of Object.entries(REMEDIES)) {
      for (const [flag] of text.matchAll(/(?<![\w-])--?[A-Za-z][\w-]*/g))
        assert.ok(flags.has(flag), `${code}: ${flag}`);
    }
  });

  it('names only flags that the load has, besides those that record', async () => {
    const run = makeRunCommand();
    const [replay] = await Promise.all(
      COMMANDS.filter(({ name }) => name === 'replay').map(({ load }) => load()),
    );
    const longOf = (command: Command, has: (attribute: string) => boolean = () => true): Set<string> =>
      new Set(
        command.options
          .filter((each) => has(each.attributeName()))
          .map(({ long, short }) => long ?? short ?? ''),
      );
    const ofClients = new Set(withClientFlags(new Command()).options.map((each) => each.attributeName()));
    const isAny = (attribute: string): boolean => OF_BOTH.has(attribute) || ofClients.has(attribute);
    const flags: Record<LoadKind, Set<string>> = {
      recording: longOf(replay as Command),
      scenario: longOf(run, (attribute) => !ofClients.has(attribute)),
      clients: longOf(run, (attribute) => isAny(attribute) && !OF_PLANS.has(attribute)),
      cache: longOf(run, isAny),
    };
    for (const [load, known] of Object.entries(flags) as [LoadKind, Set<string>][]) {
      assert.ok(known.size > 10, load);
      for (const code of Object.keys(REMEDIES)) {
        const text = remedyFor(code, [], load) ?? '';
        assert.ok(
          text.length > 10 && `    what helps: ${text}`.length <= 100,
          `${load} ${code}: ${text.length}`,
        );
        for (const [flag] of text.matchAll(/--[a-z][\w-]*/g))
          assert.ok(known.has(flag) || OF_CAPTURE.has(flag), `${load} ${code}: ${flag}`);
      }
    }
  });

  it('is another one where the target gave no answer than where it does not know what was asked for', () => {
    for (const replayed of ['none', '5xx', 'server_error']) {
      const text = remedyFor('status_mismatch', [{ replayed }]) ?? '';
      assert.match(text, /is the target up/);
      assert.ok(`    what helps: ${text}`.length <= 100);
    }
    for (const replayed of ['4xx', 'client_error']) {
      assert.equal(remedyFor('status_mismatch', [{ replayed }]), REMEDIES.status_mismatch);
    }
  });

  it('is not made up for a reason of a later version', () => {
    assert.equal(remedyFor('of_a_later_version'), undefined);
    assert.equal(remedyFor('constructor'), undefined);
  });
});
