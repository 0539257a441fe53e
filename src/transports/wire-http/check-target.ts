import { EngramTraceError } from '../../error.ts';
import { codeOf, detailOf } from '../answer/http-failure.ts';

/** Throws `usage` for anything but a scheme (http or https), a host and a port. */
export function checkTarget(origin: URL): void {
  const { pathname, search, username, protocol, host } = origin;
  if (pathname !== '/' || search !== '' || username !== '' || !/^https?:$/.test(protocol)) {
    throw new EngramTraceError('usage', 'an HTTP target is a scheme, a host and a port, nothing more', {
      hint: `such as ${protocol === 'https:' ? protocol : 'http:'}//${host}`,
    });
  }
}

/** Makes the error of a warm-up that reached nobody. */
export function notThere(origin: URL, error: Error): EngramTraceError {
  const code = codeOf(error);
  return new EngramTraceError('target', `no HTTP connection to ${origin.host}: ${detailOf(error)}`, {
    hint:
      code === 'EMFILE'
        ? 'raise the limit of open files'
        : 'start the server, or name another one with --endpoint',
    cause: error,
  });
}
