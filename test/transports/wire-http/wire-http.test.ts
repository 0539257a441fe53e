import { createWireHttpTransport } from '../../../src/transports/wire-http/wire-http-transport.ts';
import { testHttpTransport } from '../conformance-http.ts';

testHttpTransport({ name: 'wire', create: createWireHttpTransport });
