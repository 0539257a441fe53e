import { Command } from 'commander';
import { linesText } from '../../visible-text.ts';
import { printJson, printText } from '../output/stdout.ts';

/** `engram-trace scenarios`: what ships, in a table. */
export function makeScenariosCommand(): Command {
  return new Command('scenarios')
    .argument('[name]', 'print the file of this one')
    .option('--json', 'the table as JSON')
    .action(runScenarios);
}

async function runScenarios(name: string | undefined, { json }: { json?: boolean }): Promise<void> {
  if (name !== undefined) {
    const { locateScenario } = await import('../../workload/scenario/find-scenario.ts');
    const { tomlTextOf } = await import('../../workload/scenario/locate-shipped.ts');
    return printText(tomlTextOf(locateScenario(name).file, 'scenario'));
  }
  const { findLoad } = await import('../../workload/clients/find-load.ts');
  const { shippedScenarios } = await import('../../workload/scenario/shipped-scenarios.ts');
  const { loadFacts, scenariosTable } = await import('../text/scenarios-text.ts');
  const facts = [...shippedScenarios().keys()].map((each) => loadFacts(each, findLoad(each)));
  if (json) await printJson(facts, 2);
  else await printText(linesText(scenariosTable(facts)));
}
