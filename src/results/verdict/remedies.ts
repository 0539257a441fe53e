import { FAILING_CLASSES } from '../answers/status-class.ts';

/** How less is sent, by the flag of `replay`: other loads have their own in this place. */
const LESS_LOAD = 'a lower --rate-multiplier';
const LOWER_RATE = `try ${LESS_LOAD}`;
const QUIETER = 'run on a quieter machine or more cores, with more --senders or --precision spin';
const FASTER_READING = 'read the trace from a fast disk and not from a pipe, or filter it beforehand';

/**
 * What helps against each reason of a verdict: a line for the terminal. The codes of all reasons are the keys, so that
 * none can be given without.
 */
export const REMEDIES = {
  accounting_open: 'this is a fault of engram-trace: please report it, with the results document',
  nothing_sent: 'see with --dry-run what is left out of the plan, and why',
  never_left: 'see the errors: is it running there? --wait-for-target 60 waits until it is',
  plan_not_played: `${LOWER_RATE}, or a higher --max-in-flight`,
  nothing_succeeded: 'see the errors: is the target up? --expect-mismatch 100% allows it',
  status_mismatch: 'fill the target as the recorded server was, or allow it: --expect-mismatch 25%',
  source_error: '--skip-damaged plays what is whole; engram-trace repair makes a whole file of it',
  sender_died: 'run it again; with the same end: fewer --senders, or more memory',
  generator_late_p99: QUIETER,
  generator_late_p50: QUIETER,
  event_loop_delay_p99: QUIETER,
  event_loop_stall: QUIETER,
  steal: 'run on a machine whose CPUs are not shared with others',
  cpu_throttled: 'raise the CPU quota of this container or unit, or lift it',
  cpu_pressure: 'stop what else runs on this machine, or run the target on another one',
  gate_wait: `${LOWER_RATE}, or --order open, which does not wait`,
  back_pressure: 'raise --max-in-flight, and --connections where it is limited',
  inversions: 'of --order open: --order session keeps the order; else please report it',
  shed: `${LOWER_RATE}, or --behind catch-up, which drops nothing`,
  gate_timeout: `${LOWER_RATE}, a longer --gate-timeout, or --order open`,
  unsent: 'let it run to its end; if nobody stopped it, the reason beside this one did',
  cut_off: 'give what is open at the end more time: --drain 60',
  stretched: `${LOWER_RATE}: it takes no more than it was given`,
  interrupted: 'let it run to its end, or plan a shorter one: --duration, --limit',
  aborted_behind: `${LOWER_RATE}, or --behind catch-up, which goes on`,
  no_schedule: 'look at service times; --timing absolute plays it as it was recorded',
  excluded_incomplete: 'record with a larger --max-body and --buffer: their requests are not whole',
  excluded_unplayable: 'nothing plays them; what is judged is the rest',
  excluded_dangerous: '--include-dangerous sends them, to a target that may end',
  excluded_no_target: 'give both --endpoint (HTTP) and --grpc-endpoint (gRPC)',
  redacted: "give the target's own with -H 'name: value', or -H @FILE",
  keepalive_closed: 'raise that time, or have the target tell it (Keep-Alive: timeout=)',
  unsendable: 'fidelity.unsendable has the names; give those it needs with -H',
  plan_held: FASTER_READING,
  read_ahead_dry: FASTER_READING,
  stream_message_late_p99: QUIETER,
  stream_message_late_p50: QUIETER,
  stream_messages_unsent: `see the errors: why did streams end early? Else ${LOWER_RATE}`,
  drift: `see the reasons beside this one; alone: ${LOWER_RATE}`,
  gaps: QUIETER,
  dispersion: QUIETER,
  timestamp_resolution: `record with engram-trace capture, which has ns; else ${LOWER_RATE}`,
  gc_pause: 'run with more --senders, or a lower --max-in-flight',
  gc_share: 'run with more --senders, or a lower --max-in-flight',
  clock_stepped: 'let NTP slew the clock and not set it; keep the machine awake',
  capture_loss: 'inspect tells what is missing; record with a larger --buffer, on a faster disk',
  capture_gaps: 'inspect lists them; take a window without any: --from, --to',
  trace_incomplete: 'export it again, or engram-trace repair it; plan.trace.warnings says what is wrong',
  health_unknown: 'run with another version of Node: this one does not tell',
  too_few_operations: 'play more: a longer window, or --loop',
  plan_statistics: 'play a shorter part of the trace (--from, --to), or fewer --copies',
} as const satisfies Record<string, string>;

/** Name of a reason. */
export type ReasonCode = keyof typeof REMEDIES;

/** What a run plays: each has flags that others have not. `cache`: what clients of a build cache send, at a rate. */
export type LoadKind = 'recording' | 'scenario' | 'clients' | 'cache';

const LESS: Readonly<Record<LoadKind, string>> = {
  recording: LESS_LOAD,
  scenario: 'a lower --target-rate',
  clients: 'fewer --clients',
  cache: 'a lower --target-rate',
};

const MADE_IN_TIME = 'run on more cores: records are made while they are played';
const OF_SCENARIOS: Partial<Record<ReasonCode, string>> = {
  nothing_succeeded: 'see the errors: is the target up?',
  status_mismatch: 'see the errors',
  source_error: 'see what it says; what was sent before it is in the results',
  interrupted: 'let it run to its end, or plan a shorter one: --duration',
  no_schedule: 'look at service times',
  plan_held: MADE_IN_TIME,
  read_ahead_dry: MADE_IN_TIME,
  capture_gaps: 'inspect lists them',
  too_few_operations: 'send more: a longer --duration',
  plan_statistics: 'plan a shorter one: --duration',
};

const QUIETER_CLIENTS = `run on a quieter machine or more cores, or with ${LESS_LOAD}`;
const OF_CLIENTS: Partial<Record<ReasonCode, string>> = {
  ...OF_SCENARIOS,
  ...Object.fromEntries(
    Object.entries(REMEDIES).flatMap(([code, text]) => (text === QUIETER ? [[code, QUIETER_CLIENTS]] : [])),
  ),
  nothing_sent: 'see the reasons beside this one, and the errors',
  interrupted: 'let it run to its end, or plan a shorter one: --duration, --requests',
  too_few_operations: 'send more: more --requests, and a longer --duration',
  plan_not_played: LOWER_RATE,
  gate_wait: LOWER_RATE,
  gate_timeout: LOWER_RATE,
  back_pressure: LOWER_RATE,
  shed: LOWER_RATE,
  aborted_behind: LOWER_RATE,
  inversions: 'this is a fault of engram-trace: please report it, with the results document',
  cut_off: 'give operations less time: --timeout',
  gc_pause: `run with more --senders, or ${LESS_LOAD}`,
  gc_share: `run with more --senders, or ${LESS_LOAD}`,
  excluded_dangerous: 'clients send nothing of the kind',
  excluded_no_target: 'name the server with --endpoint',
};

const OWN: Readonly<Record<LoadKind, Partial<Record<ReasonCode, string>>>> = {
  recording: {},
  scenario: OF_SCENARIOS,
  clients: OF_CLIENTS,
  cache: OF_CLIENTS,
};

const TARGET_FAILS = `see the errors: is the target up? Else ${LOWER_RATE}`;

/**
 * Says what helps against a reason; undefined for one of a later version. `changes` tells how answers differ from those
 * recorded, the most frequent first: an answer that did not come needs something else than one the target can't give. Only flags are named that the load has.
 */
export function remedyFor(
  code: string,
  changes: readonly { readonly replayed: string }[] = [],
  load: LoadKind = 'recording',
): string | undefined {
  const [most] = changes;
  const isFailing = code === 'status_mismatch' && most !== undefined && FAILING_CLASSES.has(most.replayed);
  if (!Object.hasOwn(REMEDIES, code)) return undefined;
  const known = code as ReasonCode;
  return (isFailing ? TARGET_FAILS : (OWN[load][known] ?? REMEDIES[known])).replace(LESS_LOAD, LESS[load]);
}
