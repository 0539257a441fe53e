import { testGrpcTransport } from './conformance-grpc.ts';
import { SUBJECTS } from './conformance-grpc-support.ts';

for (const subject of SUBJECTS) testGrpcTransport(subject);
