import type { Command } from 'commander';

/** One command as `--help` knows it; its module is loaded only when it is named. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of a day's work. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'capture',
    summary: 'record live HTTP and gRPC traffic in front of a server into an op log',
    load: async () => (await import('./commands/capture.ts')).makeCaptureCommand(),
  },
  {
    name: 'export',
    summary: 'cut a window of an op log, or of other sources, into one sorted trace',
    load: async () => (await import('./commands/export.ts')).makeExportCommand(),
  },
  {
    name: 'inspect',
    summary: 'show what is in a trace: rates, sizes, latencies, bursts, losses',
    load: async () => (await import('./commands/inspect.ts')).makeInspectCommand(),
  },
  {
    name: 'fit',
    summary: 'learn a scenario from a trace, and tell how near it comes',
    load: async () => (await import('./commands/fit.ts')).makeFitCommand(),
  },
  {
    name: 'filter',
    summary: 'select records by op, space, session, path, status, latency or time',
    load: async () => (await import('./commands/filter.ts')).makeFilterCommand(),
  },
  {
    name: 'cat',
    summary: 'print records as NDJSON',
    load: async () => (await import('./commands/cat.ts')).makeCatCommand(),
  },
  {
    name: 'convert',
    summary: 'turn a trace into NDJSON and back',
    load: async () => (await import('./commands/convert.ts')).makeConvertCommand(),
  },
  {
    name: 'repair',
    summary: 'recover what is whole in a damaged or cut-off trace, with a new index',
    load: async () => (await import('./commands/repair.ts')).makeRepairCommand(),
  },
  {
    name: 'replay',
    summary: 'send a trace to a server with its timing, at any multiple of its rate',
    load: async () => (await import('./commands/replay.ts')).makeReplayCommand(),
  },
  {
    name: 'run',
    summary: 'load a server without a recording: a scenario, or clients of a build cache',
    load: async () => (await import('./commands/run.ts')).makeRunCommand(),
  },
  {
    name: 'suite',
    summary: 'run a list of runs, with one table and one document: the scalability suite, or your own',
    load: async () => (await import('./commands/suite.ts')).makeSuiteCommand(),
  },
  {
    name: 'generate',
    summary: 'write the trace that run would send',
    load: async () => (await import('./commands/generate.ts')).makeGenerateCommand(),
  },
  {
    name: 'scenarios',
    summary: 'list the scenarios that are there: rate, mix, duration, limits',
    load: async () => (await import('./commands/scenarios.ts')).makeScenariosCommand(),
  },
  {
    name: 'verify',
    summary: 'recompute a results document from its replay log: proof, or forgery',
    load: async () => (await import('./commands/verify.ts')).makeVerifyCommand(),
  },
  {
    name: 'check',
    summary: 'hold results against limits: PASS, INVESTIGATE or FAIL, by what the numbers carry',
    load: async () => (await import('./commands/check.ts')).makeCheckCommand(),
  },
  {
    name: 'compare',
    summary: 'whether one run was slower than another of the same plan, and what would have shown',
    load: async () => (await import('./commands/compare.ts')).makeCompareCommand(),
  },
  {
    name: 'capacity',
    summary: 'find the highest load that a server holds its limits under, and how sure that is',
    load: async () => (await import('./commands/capacity.ts')).makeCapacityCommand(),
  },
  {
    name: 'convert-results',
    summary: 'results in the form of k6, vegeta, ghz, fortio, oha or wrk, as HdrHistogram logs or as CSV',
    load: async () => (await import('./commands/convert-results.ts')).makeConvertResultsCommand(),
  },
  {
    name: 'calibrate',
    summary: "measure the generator's own floor and limit against a null sink",
    load: async () => (await import('./commands/calibrate.ts')).makeCalibrateCommand(),
  },
  {
    name: 'dev-server',
    summary: 'a small stand-in for Engram, with latency and faults to order',
    load: async () => (await import('./commands/dev-server.ts')).makeDevServerCommand(),
  },
  {
    name: 'demo',
    summary: 'the whole circle on this machine in under a minute',
    load: async () => (await import('./commands/demo.ts')).makeDemoCommand(),
  },
];

/** Writes the help of the program as a whole. */
export function helpText(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `Usage: engram-trace <command> [options]

Capture, window and replay the traffic of an Engram server with its real timing.

Commands:
${lines.join('\n')}

engram-trace <command> --help lists a command's flags. Every flag has a variable
(--rate-multiplier is ENGRAM_TRACE_RATE_MULTIPLIER) and a key in the file named by
--config; the flag beats the variable and the variable beats the file.
`;
}
