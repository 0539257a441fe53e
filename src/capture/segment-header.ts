import { machineNames } from '../machine-names.ts';
import { emptyHeader, type TraceHeader } from '../trace/record/record.ts';
import type { CaptureSettings } from './capture-options.ts';
import type { NameFlags } from './redact/name-rules.ts';
import { createRedactor, type Redactor } from './redact/redactor.ts';
import { BODY_NAMES } from './redacting-sink.ts';
import { authorityOf, type HostPort, isThisMachine } from './relay/host-port.ts';

/** The header of every segment: who records, at which addresses, and what is replaced. */
export function segmentHeader(options: CaptureSettings): TraceHeader {
  // What is sent to the listeners reaches the same servers: both are where this traffic was addressed to.
  const places = [options.http, options.grpc].flatMap((each) =>
    each === undefined ? [] : [each.upstream, each.listen],
  );
  return {
    ...emptyHeader(),
    epochUnixNs: options.clock.epochUnixNs,
    resolutionNs: 1,
    sorted: false,
    tool: options.tool,
    source: 'capture',
    origins: [...new Set(places.filter(({ port }) => port !== 0).flatMap(authoritiesOf))],
    redacted: [...redactorOf(options).names, ...(options.redactBodies ? BODY_NAMES : [])],
    dialect: options.dialect.name,
    runId: options.runId,
  };
}

/** A place on this machine goes with its names: a replay elsewhere must not take its own loopback for this one. */
function authoritiesOf({ host, port }: HostPort): string[] {
  const names = isThisMachine(host) ? machineNames() : [];
  return [host, ...names].map((name) => authorityOf({ host: name, port }));
}

/** Makes what replaces the secrets in the heads of requests. */
export function redactorOf(options: CaptureSettings): Redactor {
  return createRedactor({
    headers: { redact: options.redactHeaders, keep: options.keepHeaders },
    parameters: parameterFlags(options),
  });
}

/** The names of parameters and fields that flags say are secret, or are not. */
export function parameterFlags({ redactQuery, keepQuery }: CaptureSettings): NameFlags {
  return { redact: redactQuery, keep: keepQuery };
}
