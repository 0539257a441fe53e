import { Metadata } from '@grpc/grpc-js';
import type { HeaderList } from '../trace/record.ts';
import { checkMetadata } from './grpc-checks.ts';
import { createMetadataRules } from './grpc-metadata-rules.ts';

export { grpcTimeout } from './grpc-metadata-rules.ts';

/** Turns recorded metadata into what to send; throws for what gRPC does not allow. Shared lists are worked on once. */
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

function addTo(metadata: Metadata, key: string, value: string): void {
  checkMetadata(key, key.endsWith('-bin') ? '' : value);
  if (!key.endsWith('-bin')) metadata.add(key, value);
  // On the wire binary values are base64, and several may be joined by commas.
  else for (const part of value.split(',')) metadata.add(key, Buffer.from(part.trim(), 'base64'));
}
