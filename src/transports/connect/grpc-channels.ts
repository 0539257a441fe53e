/** Connections that sessions share from the start, over gRPC: few, so that many calls leave in one write. */
export const GRPC_CHANNELS = 2;
