import { type Command, Option } from 'commander';
import { countedHeaderName } from '../../replay-run/options/counted-header-name.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../replay-run/target/endpoint.ts';
import { DEFAULT_TRANSPORT } from '../../replay-run/target/transport-choice.ts';
import { collectEndpoints } from './collect-endpoints.ts';
import { DEFAULT_TRACES } from './default-trace.ts';
import { collect, parseCount } from './flag-parsers.ts';
import { withLimitFlags } from './limit-flags.ts';
import { parseConnections } from './parse-connections.ts';
import { parseDuration } from './parse-duration.ts';
import { parsePace } from './parse-pace.ts';
import {
  oneOf,
  parseAtLeastOne,
  parseMismatch,
  parseMultiplier,
  parsePasses,
  parsePositiveDuration,
  parseShard,
  parseTiming,
  parseUpscale,
} from './replay-values.ts';
import { withTimeRange } from './time-range-flags.ts';
import { withWatchFlags } from './watch-flags.ts';

/** Adds every flag of `replay`. */
export function withReplayFlags(command: Command): Command {
  return withSafetyFlags(withLimitFlags(withWatchFlags(withTargetFlags(withPlanFlags(command)))));
}

function withPlanFlags(command: Command): Command {
  const timing = new Option(
    '--timing <how>',
    'absolute (as recorded), think (pauses after answers), asap, or rate=N a second (1e-6 to 1e6)',
  )
    .argParser(parseTiming)
    .default({ kind: 'absolute' }, 'absolute');
  const precision = new Option(
    '--precision <how>',
    'eco (timers of 1 ms), normal, or spin (a core of its own): CPU for accuracy',
  )
    .argParser(oneOf('eco', 'normal', 'spin'))
    .default('normal', 'normal');
  const order = new Option('--order <order>', 'session (what followed follows) or open (by time only)')
    .argParser(oneOf('session', 'open'))
    .default('session', 'session');
  const behind = new Option(
    '--behind <policy>',
    'when operations cannot leave in time: catch-up, shed (drop what is 1 s late), stretch, or abort (stop at 1 s)',
  )
    .argParser(oneOf('catch-up', 'shed', 'stretch', 'abort'))
    .default('catch-up', 'catch-up');
  command
    .argument('[trace]', 'what to replay: the same as --trace')
    .option(
      '--trace <file>',
      `what to replay: a trace, NDJSON, or - for stdin (default: the newest trace in ${DEFAULT_TRACES}/)`,
    )
    .option(
      '--rate-multiplier <factor>',
      'speed: 2, 2x or 200% is twice as fast (1e-6 to 1e6)',
      parseMultiplier,
      1,
    )
    .addOption(timing)
    .option('--pace <phases>', 'speed over the time of the replay, as in "10s@1 5m@2 30s@0.5"', parsePace)
    .addOption(precision)
    .addOption(order)
    .addOption(behind)
    .option(
      '--loop <passes>',
      'play the trace so many times; forever: until Ctrl-C, which writes the results',
      parsePasses,
      1,
    )
    .option(
      '--copies <count>',
      'play every session so many times, as sessions of their own',
      parseAtLeastOne,
      1,
    )
    .option(
      '--upscale <factor>',
      'begin so many times as many sessions a second, or with --order open operations, in the shape of the recording: 2, 2x (1 to 1000)',
      parseUpscale,
      1,
    )
    .option('--seed <number>', 'of the shifts of copies', parseCount, 1)
    .option(
      '--max-gap <time>',
      'cut longer recorded gaps to this: 10 (s), 500ms (default: no cut)',
      parseDuration,
    )
    .option('--only <kind>', 'send only reads or only writes', oneOf('reads', 'writes'));
  return withTimeRange(command)
    .addOption(
      new Option(
        '--duration <time>',
        'play so much recorded time, from --from or the first record: 300 (s), 5m (default: to the end)',
      )
        .argParser(parsePositiveDuration)
        .conflicts('to'),
    )
    .option('--limit <count>', 'play only the first so many records (default: all)', parseAtLeastOne);
}

function withTargetFlags(command: Command): Command {
  const [http, grpc] = ['http://localhost:7432', 'http://localhost:50051'];
  const [noHttp, noGrpc] = [[parseHttpEndpoint(http)], [parseGrpcEndpoint(grpc)]];
  return command
    .addOption(
      new Option(
        '--endpoint <url>',
        'HTTP target: URL, host:port, or :port on 127.0.0.1; the default only where neither target is named; repeatable: sessions are spread over the targets',
      )
        .argParser(collectEndpoints(parseHttpEndpoint, noHttp))
        .default(noHttp, http),
    )
    .addOption(
      new Option(
        '--grpc-endpoint <target>',
        'gRPC target: host:port, :port on 127.0.0.1, or a URL; default as above; repeatable, each with the --endpoint in the same place',
      )
        .argParser(collectEndpoints(parseGrpcEndpoint, noGrpc))
        .default(noGrpc, grpc),
    )
    .option(
      '-H, --header <header>',
      'NAME: VALUE to set on every operation, or @FILE with such lines; repeatable',
      collect,
    )
    .option(
      '--count-by-header <name>',
      'count answers by the value of this header, such as the server behind a load balancer that gave them',
      countedHeaderName,
    )
    .option('--max-in-flight <count>', 'most operations in flight (default: 4096)', parseAtLeastOne)
    .option(
      '--connections <how>',
      'pooled (as many as are needed), recorded (each session its own), or N: at most so many to a target, sessions stay with theirs (default: pooled)',
      parseConnections,
    )
    .option(
      '--senders <threads>',
      'threads that send (default: one for each 10,000 a second, at most 8, a core less than there are)',
      parseAtLeastOne,
    )
    .option(
      '--shard <i/n>',
      'play the sessions of one shard of n, which counts from 0: 0/4 to 3/4',
      parseShard,
    )
    .option(
      '--transport <kind>',
      `wire (our own) or library (undici, grpc-js) (default: ${DEFAULT_TRANSPORT})`,
      oneOf('wire', 'library'),
    )
    .option(
      '--timeout <time>',
      'time for a whole answer, on top of how long the recorded one took: 30 (s), 500ms (default: 30s)',
      parsePositiveDuration,
    )
    .option(
      '--gate-timeout <time>',
      'longest wait for what comes before in the session: 30 (s) (default: 30s)',
      parsePositiveDuration,
    )
    .option(
      '--drain <time>',
      'time for open operations at the end: 10 (s) (default: their timeout)',
      parseDuration,
    )
    .option(
      '--wait-for-target <time>',
      'wait so long for a server to be there, before the clock starts: 30 (s) (default: 0, fail at once)',
      parseDuration,
    )
    .option('--ca <file>', 'PEM file of the authorities to trust')
    .option('--cert <file>', 'PEM file of the client certificate')
    .option('--key <file>', "PEM file of the client certificate's key")
    .option('--servername <name>', 'name the certificate has to be for')
    .option('--insecure', 'take any certificate');
}

function withSafetyFlags(command: Command): Command {
  return command
    .option('--allow-origin', 'replay even against the server the trace was recorded from')
    .addOption(
      new Option(
        '--expect-mismatch [share]',
        'answers of another status class than recorded are fine up to this share of them, as in 25% (alone: any)',
      )
        .argParser(parseMismatch)
        .preset('any'),
    )
    .option('--prepare', 'make the spaces of the trace on the target first, before the clock starts')
    .option(
      '--prepare-timeout <time>',
      'time for each space to be made (default: 60s)',
      parsePositiveDuration,
    )
    .option('--include-dangerous', 'send also what would end or cripple the target, such as POST /shutdown')
    .option(
      '--dangerous <pattern>',
      'leave this out too: an op, an rpc, or "METHOD path" with * and **; repeatable',
      collect,
    )
    .option('--skip-damaged', 'leave damaged blocks out and count them')
    .option('--dry-run', 'print the plan and send nothing')
    .option('--json', 'the plan of --dry-run as JSON')
    .option('-o, --output <file>', 'results document, - for stdout', '-')
    .option('--replay-log <file>', 'write planned, sent and done of every operation; verify reads it')
    .option('--hlog <file>', "write response times by window as HdrHistogram's interval log")
    .option('--force', 'replace an existing output');
}
