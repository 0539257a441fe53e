import { type FoundScenario, locateScenario, scenarioIn } from '../scenario/find-scenario.ts';
import { type LocatedFile, tomlTextOf } from '../scenario/locate-shipped.ts';
import { type ClientScenario, isOfClients, readClientScenario } from './client-scenario.ts';

/** A scenario of clients, and the file that it was read from. */
export interface FoundClients extends LocatedFile {
  readonly clients: ClientScenario;
}

/** Finds a scenario of either kind, as `findScenario` does. Throws `usage`. */
export function findLoad(named: string, shipped?: ReadonlyMap<string, string>): FoundScenario | FoundClients {
  const located = locateScenario(named, shipped);
  const text = tomlTextOf(located.file, 'scenario');
  return isOfClients(text, located.file)
    ? { ...located, clients: readClientScenario(text, located.file) }
    : { ...located, scenario: scenarioIn(text, located.file) };
}
