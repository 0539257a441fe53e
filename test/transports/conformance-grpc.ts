import { testGrpcAnswers } from './conformance-grpc-answers.ts';
import { testGrpcEndings } from './conformance-grpc-endings.ts';
import { testGrpcRequests } from './conformance-grpc-requests.ts';
import { testGrpcServices } from './conformance-grpc-services.ts';
import { testGrpcShapes } from './conformance-grpc-shapes.ts';
import { testGrpcStreams } from './conformance-grpc-streams.ts';
import type { GrpcSubject } from './conformance-grpc-support.ts';

/** All that every gRPC transport has to do alike. */
export function testGrpcTransport(subject: GrpcSubject): void {
  testGrpcShapes(subject);
  testGrpcAnswers(subject);
  testGrpcRequests(subject);
  testGrpcStreams(subject);
  testGrpcEndings(subject);
  testGrpcServices(subject);
}
