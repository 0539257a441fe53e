import { createWireGrpcTransport } from '../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { testGrpcTransport } from './conformance-grpc.ts';

testGrpcTransport({ name: 'wire', create: (options) => createWireGrpcTransport(options) });
