import { createUndiciTransport } from '../../src/transports/undici-transport.ts';
import { testHttpTransport } from './conformance-http.ts';

testHttpTransport({ name: 'undici', create: createUndiciTransport });
