import type { Command, Option } from 'commander';

/** What people call a thing elsewhere, and the flags that mean it here, the best first. `<x>` is an argument. */
const MEANINGS: readonly (readonly [words: string, flags: string])[] = [
  ['rate speed speedup speed-up factor multiplier x scale', '--rate-multiplier'],
  ['intensity upsample density', '--upscale'],
  ['qps rps ops tps target-rate throughput requests-per-second', '--timing'],
  ['d duration time length secs seconds for run-time runtime', '--duration --step-time --to'],
  ['n limit count num number max head first records requests max-records iterations-max', '--limit'],
  ['start begin since after start-time from last past', '--start --from'],
  ['end until before stop to end-time', '--end --to'],
  [
    'u url target host server base-url addr address http uri destination',
    '--endpoint --http-upstream --host',
  ],
  ['grpc grpc-url grpc-target grpc-host grpc-address', '--grpc-endpoint --grpc-upstream --grpc-port'],
  ['p port listen bind http-port', '--http-listen --http-port --endpoint'],
  ['grpc-port grpc-bind', '--grpc-listen --grpc-endpoint'],
  ['upstream backend forward proxy-to', '--http-upstream'],
  [
    'o output out outfile output-file dest result results report save write to-file',
    '--output <output> --results --oplog --arrival-log',
  ],
  ['i input in infile file trace t', '--trace <trace> <input> --source'],
  ['source oplog op-log dir directory folder log-dir path', '--source --oplog --results'],
  ['c concurrency parallel parallelism in-flight', '--max-in-flight'],
  ['clients users vus virtual-users sessions', '--copies'],
  ['threads workers jobs j processes senders', '--senders --relays'],
  ['conns pool keepalive keep-alive', '--connections'],
  ['repeat iterations loops times cycles passes', '--loop'],
  ['wait deadline request-timeout', '--timeout'],
  ['q silent no-progress', '--quiet'],
  ['f y yes overwrite replace clobber', '--force'],
  ['dry dryrun plan simulate noop preview', '--dry-run'],
  ['headers auth authorization token bearer api-key cookie', '--header'],
  ['k skip-verify no-verify tls-skip-verify insecure-skip-verify', '--insecure --upstream-insecure'],
  ['cacert ca-file cafile', '--ca --upstream-ca'],
  ['operation operations name type', '--op'],
  ['exclude not except', '--invert'],
  ['tenant namespace memory-space', '--space'],
  ['client connection user', '--session'],
  ['code status-code', '--status'],
  ['route endpoint', '--path'],
  ['sampling fraction ratio percent', '--sample'],
  ['random-seed rng', '--seed'],
  ['as fmt output-format', '--format'],
  ['delay response-time', '--latency'],
  ['errors error fail fail-rate failures', '--error-rate'],
  ['log replaylog record-log', '--replay-log'],
  ['rotate max-age', '--segment-age'],
  ['retention keep retain', '--retain-size'],
];

/** Flags that a command is without for a reason, by its name. */
const WITHOUT: Readonly<Record<string, readonly [flags: string, why: string]>> = {
  calibrate: [
    'endpoint grpc-endpoint',
    'calibrate plays against a sink of its own, one target whatever a replay has: leave it out',
  ],
};

/** Says what an unknown flag means in this command, as a hint; undefined where nothing here means it. */
export function flagMeantBy(flag: string, command: Command): string | undefined {
  const word = flag.replace(/^-+/, '').replace(/=.*$/s, '').replaceAll('_', '-').toLowerCase();
  const [missing = '', why] = WITHOUT[command.name()] ?? [];
  if (missing.split(' ').includes(word)) return why;
  for (const [words, flags] of MEANINGS) {
    if (!words.split(' ').includes(word)) continue;
    for (const candidate of flags.split(' ')) {
      const hint = candidate.startsWith('<')
        ? argumentHint(candidate, command)
        : flagHint(candidate, command);
      if (hint !== undefined) return hint;
    }
  }
  return undefined;
}

function flagHint(flag: string, command: Command): string | undefined {
  const option = command.options.find(({ long }) => long === flag);
  return option === undefined ? undefined : `here it is ${usageOf(option)}: ${option.description}`;
}

/** The flag as help shows it, without its short form. */
function usageOf({ flags }: Option): string {
  return flags.replace(/^-\w, /, '');
}

function argumentHint(name: string, command: Command): string | undefined {
  const isThere = command.registeredArguments.some((argument) => `<${argument.name()}>` === name);
  if (!isThere) return undefined;
  const all = command.registeredArguments.map((argument) => argument.name().toUpperCase()).join(' ');
  return `here it is an argument: engram-trace ${command.name()} ${all}`;
}
