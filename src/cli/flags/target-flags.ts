import type { Command } from 'commander';
import type { Endpoint } from '../../replay-run/target/endpoint.ts';

/** The flags that name the targets as they were named, for a command that is to go to the same ones. */
export function targetFlagsOf(
  command: Command,
  {
    endpoint,
    grpcEndpoint,
  }: { endpoint?: readonly Endpoint[]; grpcEndpoint?: readonly Endpoint[] | undefined },
): string {
  const flags = (attribute: string, name: string, targets: readonly Endpoint[] = []): string[] =>
    command.getOptionValueSource(attribute) === 'default' ? [] : targets.map(({ url }) => ` ${name} ${url}`);
  return [
    ...flags('endpoint', '--endpoint', endpoint),
    ...flags('grpcEndpoint', '--grpc-endpoint', grpcEndpoint),
  ].join('');
}
