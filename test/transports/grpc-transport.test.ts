import { createGrpcTransport } from '../../src/transports/grpc-transport.ts';
import { testGrpcTransport } from './conformance-grpc.ts';

testGrpcTransport({ name: 'grpc-js', create: createGrpcTransport });
