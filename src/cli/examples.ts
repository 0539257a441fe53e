/** A line somebody may type, without the program's name, and what it is for. */
export type Example = readonly [line: string, purpose: string];

/** Examples of every command for its `--help`: the first is the shortest, each parses as it stands. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  capture: [
    ['--http-listen 8432 --http-upstream 7432', 'HTTP of a server on this machine, into ./oplog'],
    [
      '--http-listen 0.0.0.0:8432 --http-upstream engram:7432 --grpc-listen 0.0.0.0:8051 --grpc-upstream engram:50051 --oplog /var/lib/engram/oplog',
      'both protocols, for clients elsewhere',
    ],
    [
      '--http-listen 8432 --http-upstream https://engram:443 --segment-age 5m --retain-size 50GiB',
      'a server with TLS; shorter files, more of them kept',
    ],
  ],
  export: [
    [
      '--start "2025-10-27T00:00:00Z" --duration 3600',
      'an hour of ./oplog as traces/2025-10-27T00-00-00Z.trace.zst',
    ],
    ['--start -2h --output traces/last-two-hours.trace.zst', 'up to now'],
    [
      '--source /var/lib/engram/oplog --start "2025-10-27 09:00" --end "2025-10-27 10:00" -o traces/peak.json',
      'UTC where no zone is given; NDJSON by its name',
    ],
  ],
  inspect: [
    ['traces/peak.trace.zst', 'rates, sizes, latencies, losses'],
    ['oplog --timeline', 'arrivals over time of an op log, and when it was busiest'],
    ['traces/peak.trace.zst traces/made.trace.zst', 'how near the second comes to the first'],
  ],
  fit: [
    ['traces/peak.trace.zst --output monday.toml', 'a scenario like that hour'],
    ['traces/peak.trace.zst --output monday.toml --force --json', 'and how near it comes, as JSON'],
  ],
  filter: [
    ['traces/peak.trace.zst --op "recall*" -o traces/recalls.trace.zst', 'some operations'],
    ['traces/peak.trace.zst --latency ">100ms" --format ndjson', 'what was slow, to read'],
    [
      'traces/peak.trace.zst --sample 10% --from 10m --to 20m -o traces/tenth.trace.zst',
      'a tenth of the sessions, ten minutes of them',
    ],
  ],
  cat: [
    ['traces/peak.trace.zst --limit 5', 'the first records'],
    ['traces/peak.trace.zst --no-header --from 90 --to 91', 'one second, 90 s after the start'],
    ['results/monday.replay.zst --no-header', 'a line for each operation of a replay'],
  ],
  convert: [
    ['traces/peak.trace.zst traces/peak.ndjson', 'to read or to edit'],
    ['traces/peak.ndjson traces/edited.trace.zst', 'and back'],
    ['traces/peak.trace.zst loadtest.json --format loadtest', "for Engram's own loadtest"],
  ],
  repair: [
    ['broken.trace.zst --output traces/whole.trace.zst', 'what is whole of it'],
    ['broken.trace.zst --output traces/whole.trace.zst --force --json', 'again, with a report'],
  ],
  replay: [
    ['--rate-multiplier 2.0', 'the newest trace in traces/, twice as fast, against localhost'],
    [
      'traces/peak.trace.zst --endpoint http://staging:7432 --grpc-endpoint staging:50051 --output results/peak.json',
      'both protocols, with their recorded timing',
    ],
    ['traces/peak.trace.zst --endpoint :7432 --duration 5m --limit 1000 --dry-run', 'what would be sent'],
  ],
  run: [
    ['mixed_balanced --target-rate 500 --duration 30', 'a shipped scenario, half a minute'],
    [
      '--scenario scenarios/mixed_balanced.toml --target-rate 15000 --duration 3600 --output results/target_load.json',
      'an hour at the rate to hold',
    ],
    [
      '--clients 50 --duration 120 --requests 100 --hit-rate 0.75 --output results.json',
      'fifty clients of a build cache, each waiting for its answers',
    ],
  ],
  suite: [
    ['', 'the scalability suite, against localhost'],
    ['--endpoint :7432 --duration 10 --output scalability_report.json', 'each of its runs for ten seconds'],
    ['nightly.toml --output nightly.json --resume', 'your own; the runs that are done stay'],
  ],
  generate: [
    ['mixed_balanced --duration 60 --output traces/mixed.trace.zst', 'a minute of it as a trace'],
    ['mixed_balanced --target-rate 10 --duration 5 --format ndjson', 'to look at'],
  ],
  scenarios: [
    ['', 'all of them in a table'],
    ['mixed_balanced', 'the file of one: a beginning for your own'],
  ],
  verify: [
    ['results/peak.log results/peak.json', 'what replay --replay-log results/peak.log wrote'],
    [
      'results/peak.log results/peak.json --trace traces/peak.trace.zst',
      'and that it is what the trace holds',
    ],
  ],
  check: [
    [
      'results/target_load.json --fail-if "latency.overall.p99 > 10ms"',
      'one limit, and exit code 99 where it is broken',
    ],
    ['results.json --preset memobuild-release', "the metrics of MemoBuild's scalability guide"],
    [
      'results/target_load.json --limits limits.toml --junit check.xml',
      'limits of your own, also for a CI server',
    ],
  ],
  compare: [
    ['baseline.json current.json', 'percentile by percentile; exit code 3 where one got worse'],
    [
      'baseline.json current.json --aa baseline-2.json --tolerance 0.05',
      'what two runs of the baseline differ by, and 5 %, is no regression',
    ],
  ],
  capacity: [
    [
      '--scenario mixed_balanced --output capacity.json',
      'operations a second, for a p99 of 10 ms and 0.1 % of errors',
    ],
    [
      '--trace traces/peak.trace.zst --by upscale --fail-if "latency.recall.p99 > 50ms"',
      'how many times the recorded load, by a limit of your own',
    ],
    [
      '--scenario mixed_balanced --rates 15000,20000,25000 --probe-duration 600',
      'these loads, each once: the loop of the capacity guide',
    ],
  ],
  'convert-results': [
    ['results.json --to fortio --output fortio.json', 'a file that fortio report draws'],
    ['results.json --to hlog --output run.hlog', "HdrHistogram's interval log"],
  ],
  calibrate: [
    ['traces/peak.trace.zst', 'up to which rate this machine keeps the plan'],
    [
      'traces/peak.trace.zst --step-time 10s --max-steps 4 --output results/limit.json',
      'longer steps, as JSON',
    ],
  ],
  'dev-server': [
    ['', 'HTTP on 7432, gRPC on 50051'],
    ['--http-port 0 --grpc-port 0 --json', 'any free ports, told as JSON'],
    [
      '--latency lognormal:5ms,0.5 --error-rate 1% --stall 2s@10s',
      'slow, failing, and still for two seconds',
    ],
  ],
  demo: [
    ['', 'into ./results'],
    ['--duration 20s --results /tmp/demo', 'longer, elsewhere'],
  ],
};

/** The examples of a command as its help shows them. */
export function examplesText(command: string): string {
  const lines = (EXAMPLES[command] ?? []).flatMap(([line, purpose]) => [
    `  # ${purpose}`,
    `  engram-trace ${command} ${line}`.trimEnd(),
  ]);
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`;
}
