import { createGrpcTransport } from '../../../src/transports/grpc-js/grpc-transport.ts';
import { testGrpcTransport } from '../conformance-grpc.ts';

testGrpcTransport({ name: 'grpc-js', create: createGrpcTransport });
