import { testGrpcEndings } from './conformance-grpc-endings.ts';
import { testGrpcServices } from './conformance-grpc-services.ts';
import { testGrpcShapes } from './conformance-grpc-shapes.ts';
import type { GrpcSubject } from './conformance-grpc-support.ts';

/** All that every gRPC transport has to do alike. */
export function testGrpcTransport(subject: GrpcSubject): void {
  testGrpcShapes(subject);
  testGrpcEndings(subject);
  testGrpcServices(subject);
}
