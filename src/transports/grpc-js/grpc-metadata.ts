import { Metadata } from '../../bundled/grpc-js.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import { createMetadataRules } from '../request/grpc-metadata-rules.ts';

export { grpcTimeout } from '../request/grpc-metadata-rules.ts';

/** Turns recorded metadata into what to send. Shared lists are worked on once. */
export function createGrpcMetadata(overrides: HeaderList): (recorded: HeaderList) => Metadata {
  const rules = createMetadataRules(overrides);
  const known = new WeakMap<HeaderList, Metadata>();
  return (recorded) => {
    let metadata = known.get(recorded);
    if (metadata === undefined) {
      metadata = new Metadata();
      for (const [key, value] of rules(recorded)) addTo(metadata, key, value);
      known.set(recorded, metadata);
    }
    return metadata;
  };
}

/**
 * As it was on the wire. `Metadata.add` would refuse bytes above 0x7e, decode binary values and encode them anew,
 * without what was no base64; what it keeps inside goes out as it is.
 */
function addTo(metadata: Metadata, key: string, value: string): void {
  const { internalRepr } = metadata as unknown as { internalRepr: Map<string, string[]> };
  const values = internalRepr.get(key);
  if (values === undefined) internalRepr.set(key, [value]);
  else values.push(value);
}
