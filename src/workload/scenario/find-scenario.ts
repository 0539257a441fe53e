import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { didYouMean } from '../../nearest.ts';
import { readScenario } from './read-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarioNameOf, shippedScenarios } from './shipped-scenarios.ts';

/** A scenario, and the file that it was read from. */
export interface FoundScenario {
  readonly scenario: Scenario;
  readonly file: string;
  /** The file that was named is not there, and this shipped one of its name was taken. */
  readonly isInstead: boolean;
}

/**
 * Finds a scenario by its path, or a shipped one by its name. Where a path leads nowhere and its file has the name of a
 * shipped scenario, that one is taken. Throws `usage` where there is none, and for what is wrong in it.
 */
export function findScenario(
  named: string,
  shipped: Map<string, string> = shippedScenarios(),
): FoundScenario {
  const isPath = /[/\\]|\.toml$/i.test(named);
  if (isPath && existsSync(named)) return { ...opened(named), isInstead: false };
  const file = shipped.get(scenarioNameOf(named));
  if (file !== undefined) return { ...opened(file), isInstead: isPath };
  if (existsSync(named)) return { ...opened(named), isInstead: false };
  const what = isPath ? 'there is no such file' : `there is no scenario '${named}'`;
  throw new EngramTraceError('usage', what, {
    ...(isPath ? { where: named } : {}),
    hint: didYouMean(
      scenarioNameOf(named),
      shipped.keys(),
      'engram-trace scenarios lists those that are there',
    ),
  });
}

function opened(file: string): Pick<FoundScenario, 'scenario' | 'file'> {
  return { file, scenario: besideItsRecording(readScenario(textOf(file), file), file) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EISDIR')
      throw new EngramTraceError('usage', 'this is a folder, and no scenario', {
        where: file,
        hint: 'name a file in it',
        cause: thrown,
      });
    throw EngramTraceError.from(thrown, 'usage', { where: file });
  }
}

/** A recording is named from the folder of the scenario's file. */
function besideItsRecording(scenario: Scenario, file: string): Scenario {
  const { arrival } = scenario;
  if (arrival.pattern !== 'trace') return scenario;
  const recording = resolve(dirname(file), arrival.file);
  if (existsSync(recording)) return { ...scenario, arrival: { ...arrival, file: recording } };
  throw new EngramTraceError('usage', `arrival.file: there is no ${recording}`, {
    where: `scenario ${file}`,
  });
}
