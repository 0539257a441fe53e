import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { type LocatedFile, locateShipped, tomlTextOf } from './locate-shipped.ts';
import { readScenario } from './read-scenario.ts';
import type { Scenario } from './scenario.ts';
import { shippedScenarios } from './shipped-scenarios.ts';

/** A scenario, and the file that it was read from. */
export interface FoundScenario extends LocatedFile {
  readonly scenario: Scenario;
}

/**
 * Finds a scenario by its path, or a shipped one by its name. Where a path leads nowhere and its file has the name of a
 * shipped scenario, that one is taken. Throws `usage` where there is none, and for what is wrong in it.
 */
export function findScenario(named: string, shipped?: ReadonlyMap<string, string>): FoundScenario {
  const located = locateScenario(named, shipped);
  const text = tomlTextOf(located.file, 'scenario');
  return { ...located, scenario: scenarioIn(text, located.file) };
}

/** The file of a scenario, of whatever kind. Throws `usage` where there is none. */
export function locateScenario(
  named: string,
  files: ReadonlyMap<string, string> = shippedScenarios(),
): LocatedFile {
  const listed = 'engram-trace scenarios lists those that are there';
  return locateShipped(named, { what: 'scenario', files, listed });
}

/** Reads a scenario whose recording is named from the folder of its file. */
export function scenarioIn(text: string, file: string): Scenario {
  return besideItsRecording(readScenario(text, file), file);
}

/** Throws `usage` where the recording is not there. */
function besideItsRecording(scenario: Scenario, file: string): Scenario {
  const { arrival } = scenario;
  if (arrival.pattern !== 'trace') return scenario;
  const recording = resolve(dirname(file), arrival.file);
  if (existsSync(recording)) return { ...scenario, arrival: { ...arrival, file: recording } };
  throw new EngramTraceError('usage', `arrival.file: there is no ${recording}`, {
    where: `scenario ${file}`,
  });
}
