import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of scenarios that comes with the package. */
const FOLDER = fileURLToPath(new URL('../../../../scenarios/', import.meta.url));

/** Names of the scenarios that come with the package, each with its file. */
export function shippedScenarios(folder: string = FOLDER): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.toml'))
    .map((file) => [scenarioNameOf(file), join(folder, file)] as const);
  return new Map(files.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** `mixed_balanced` for `scenarios/mixed_balanced.toml`. */
export function scenarioNameOf(path: string): string {
  return basename(path).replace(/\.toml$/i, '');
}
