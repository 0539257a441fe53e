import { EngramTraceError } from '../../error.ts';

const POWERS = ['', 'k', 'm', 'g', 't'];
const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(b?)$/i;

/** Reads a size into bytes: a bare number is bytes; `64MiB` and `64M` count in 1024, `1GB` in 1000. Throws `usage`. */
export function parseSize(text: string): number {
  const match = SIZE.exec(text.trim());
  const [, digits = '', unit = '', binary = '', byte = ''] = match ?? [];
  if (match === null || (unit === '' && binary !== '')) {
    throw new EngramTraceError('usage', `'${text}' is not a size`, {
      hint: 'a bare number is bytes; else write it like 64MiB, 500kB or 1GB',
    });
  }
  const base = unit !== '' && binary === '' && byte !== '' ? 1000 : 1024;
  const bytes = Math.round(Number(digits) * base ** POWERS.indexOf(unit.toLowerCase()));
  if (!Number.isSafeInteger(bytes)) throw new EngramTraceError('usage', `the size '${text}' is too large`);
  return bytes;
}
