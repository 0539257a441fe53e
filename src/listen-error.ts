import { EngramTraceError } from './error.ts';

/** Words for what stands in the way of a listener, and what helps. */
const TROUBLES: Readonly<Record<string, readonly [words: string, hint: string]>> = {
  EADDRINUSE: ['another program listens there already', 'stop that one, or choose another port (0 is any)'],
  EACCES: [
    'this user may not listen there',
    'ports below 1024 need rights of their own: choose a higher one',
  ],
  EADDRNOTAVAIL: ['it is no address of this machine', 'listen at one of its own; 0.0.0.0 is all of them'],
  ENOTFOUND: ['there is no such name', 'listen at an address of this machine; 0.0.0.0 is all of them'],
};

/** Why nothing can listen at an address, which Node's own message would name a second time. */
export function listenError(cause: Error, address: string): EngramTraceError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const [words = message, hint = 'choose another address to listen at'] = TROUBLES[code] ?? [];
  const text = words === message ? message : `${words} (${code})`;
  return new EngramTraceError('io', text, { where: address, hint, cause });
}
