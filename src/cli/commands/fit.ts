import { basename } from 'node:path';
import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import type { RecordedLoad } from '../../fit/recorded-load.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { createFileSink } from '../../trace/file/file-sink.ts';
import type { Trace } from '../../trace/trace.ts';
import { translateRecords } from '../../transforms/translate-records.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { withInput } from '../input/open-input.ts';
import { isStdout } from '../output/is-stdout.ts';
import { printJson, printText } from '../output/stdout.ts';
import { reportWarnings } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';

interface FitFlags {
  output: string;
  seed: number;
  json?: boolean;
  force?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace fit`: a scenario learned from a trace, and how near it comes. */
export function makeFitCommand(): Command {
  return new Command('fit')
    .argument('[trace]', 'trace file, NDJSON, loadtest JSON, or - for stdin', '-')
    .option('-o, --output <file>', 'the scenario, a TOML file, - for stdout', '-')
    .option('--seed <number>', 'of what the scenario makes, to see how near it comes', parseCount, 1)
    .option('--json', 'how near it comes as JSON on stdout; the scenario then goes to --output')
    .option('--skip-damaged', 'leave damaged blocks out and count them')
    .option('--force', 'replace an existing output')
    .action(runFit);
}

async function runFit(input: string, flags: FitFlags): Promise<void> {
  if (flags.json && isStdout(flags.output))
    throw new EngramTraceError('usage', '--json and the scenario would both go to stdout', {
      hint: 'name a file for the scenario with --output',
    });
  refuseSameFile([{ flag: 'trace', path: input }], [{ flag: '--output', path: flags.output }]);
  await withInput(input, (trace) => fitTrace(trace, flags));
}

/** What was learned, ready to be written and told. */
interface Learned {
  toml: string;
  json: Record<string, unknown>;
  text: string;
}

async function fitTrace(trace: Trace, flags: FitFlags): Promise<void> {
  const { recordedLoad } = await import('../../fit/recorded-load.ts');
  const progress = await createProgress(flags);
  const read = trace.records({ ahead: true, onDamage: flags.skipDamaged ? 'skip' : 'throw' });
  const batches = progress.watch(read, () => `fit: reading ${trace.name}`);
  const { dialect } = trace.header;
  const load = await recordedLoad(trace.header, translateRecords(dialect, batches));
  progress.stop();
  const learn = dialect === 'memobuild' ? learnClients : learnScenario;
  const learned = await learn(`like ${basename(trace.name)}`, trace.name, load, flags);
  await writeScenario(learned.toml, flags);
  if (flags.json) await printJson(learned.json, 2);
  else if (!flags.quiet) tell(learned.text);
  reportWarnings(trace, flags);
}

async function learnScenario(
  name: string,
  traceName: string,
  load: RecordedLoad,
  { seed }: FitFlags,
): Promise<Learned> {
  const { fitScenario } = await import('../../fit/fit-scenario.ts');
  const { scenarioToml } = await import('../../fit/scenario-toml.ts');
  const { distancesOfFit } = await import('../../fit/distances-of-fit.ts');
  const { fitText } = await import('../../fit/fit-text.ts');
  const fitted = fitScenario(name, load);
  const distances = await distancesOfFit(fitted.scenario, seed, { name: traceName, measures: load.measures });
  const arrivals = fitted.tried.map(({ model, criterion }) => ({ arrival: model.spec, bic: criterion }));
  return {
    toml: scenarioToml(fitted.scenario),
    json: { arrivals, distances, notes: fitted.notes },
    text: fitText(fitted, distances),
  };
}

async function learnClients(
  name: string,
  traceName: string,
  load: RecordedLoad,
  { seed }: FitFlags,
): Promise<Learned> {
  const { fitClients } = await import('../../fit/fit-clients.ts');
  const { clientsToml } = await import('../../fit/clients-toml.ts');
  const { distancesOfClients } = await import('../../fit/distances-of-fit.ts');
  const { clientsText } = await import('../../fit/fit-text.ts');
  const fitted = fitClients(name, load);
  const { scenario, notes } = fitted;
  const recording = { name: traceName, measures: load.measures };
  const distances = await distancesOfClients(scenario, seed, recording);
  const { clients, hitRate, putShare, artifacts, artifactBytes } = scenario.load;
  const learned = {
    count: clients,
    hit_rate: hitRate,
    put_share: putShare,
    artifacts,
    artifact_bytes: artifactBytes,
    think: scenario.pace.thinkText,
  };
  return {
    toml: clientsToml(scenario),
    json: { clients: learned, distances, notes },
    text: clientsText(fitted, distances),
  };
}

async function writeScenario(toml: string, { output, force }: FitFlags): Promise<void> {
  if (isStdout(output)) return printText(toml);
  const sink = await createFileSink(output, { force });
  try {
    await sink.write(Buffer.from(toml));
    await sink.close();
  } catch (thrown) {
    await sink.abort();
    throw thrown;
  }
}
