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
  const { findScenario } = await import('../../workload/scenario/find-scenario.ts');
  if (name !== undefined) {
    const { readFileSync } = await import('node:fs');
    return printText(readFileSync(findScenario(name).file, 'utf8'));
  }
  const { shippedScenarios } = await import('../../workload/scenario/shipped-scenarios.ts');
  const { scenarioFacts, scenariosTable } = await import('../text/scenarios-text.ts');
  const facts = [...shippedScenarios().keys()].map((each) =>
    scenarioFacts(each, findScenario(each).scenario),
  );
  if (json) await printJson(facts, 2);
  else await printText(linesText(scenariosTable(facts)));
}
