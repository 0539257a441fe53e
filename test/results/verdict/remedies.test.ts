import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import { REMEDIES, remedyFor } from '../../../src/results/verdict/remedies.ts';

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
