import { fileURLToPath } from 'node:url';
import { type LocatedFile, locateShipped, tomlTextOf } from '../workload/scenario/locate-shipped.ts';
import { shippedScenarios } from '../workload/scenario/shipped-scenarios.ts';
import { readSuite } from './read-suite.ts';
import type { SuiteOverrides } from './read-suite-run.ts';
import type { Suite } from './suite.ts';

/** The folder of suites that comes with the package. */
const FOLDER = fileURLToPath(new URL('../../../suites/', import.meta.url));

/** A suite, and the file that it was read from. */
export interface FoundSuite extends LocatedFile {
  readonly suite: Suite;
}

/** Finds a suite by its path, or a shipped one by its name, as `findScenario` does. Throws `usage`. */
export function findSuite(named: string, overrides: SuiteOverrides = {}): FoundSuite {
  const files = shippedScenarios(FOLDER);
  const listed = `those that are there: ${[...files.keys()].join(', ')}`;
  const located = locateShipped(named, { what: 'suite', files, listed });
  return { ...located, suite: readSuite(tomlTextOf(located.file, 'suite'), located.file, overrides) };
}
