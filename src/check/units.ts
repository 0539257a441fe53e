import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';

/** What kind of quantity a number of the document is; it decides the units that a limit may have. */
export type Quantity = 'time' | 'share' | 'percent' | 'rate' | 'bytes' | 'bytes_rate' | 'count';

/** How many of the base unit (ms, 1, %, per second, bytes, bytes a second, 1) each unit is. */
const UNITS: Readonly<Record<Quantity, Readonly<Record<string, number>>>> = {
  time: { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 },
  share: { '%': 0.01, '': 1 },
  percent: { '%': 1, '': 1 },
  rate: { '/s': 1, '/m': 1 / 60, '': 1 },
  bytes: { B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2, GB: 1e9, GiB: 1024 ** 3, '': 1 },
  bytes_rate: {
    'B/s': 1,
    'kB/s': 1e3,
    'KiB/s': 1024,
    'MB/s': 1e6,
    'MiB/s': 1024 ** 2,
    'GB/s': 1e9,
    'GiB/s': 1024 ** 3,
    '': 1,
  },
  count: { '': 1 },
};

const VALUE = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-z%/]*)$/i;

/** A number with its unit (`10ms`, `0.1%`, `20/s`) in the base unit of the quantity; `usage` for one that does not fit. */
export function parseQuantity(text: string, quantity: Quantity, limit: string): number {
  const [, number, unit = ''] = VALUE.exec(text.trim()) ?? [];
  if (number === undefined) throw bad(`'${text}' is no number with a unit`, limit, exampleOf(quantity));
  const units = UNITS[quantity];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor !== undefined) return Number(number) * factor;
  const known = Object.keys(units).filter((each) => each !== '');
  const what = unit === '' ? `${number} has no unit` : `${number}${unit} is not in a unit of what it limits`;
  throw bad(what, limit, unit === '' ? exampleOf(quantity) : didYouMean(unit, known, exampleOf(quantity)));
}

/** A value in the base unit of its quantity, for people. */
export function quantityText(value: number, quantity: Quantity): string {
  const short = (number: number): string => String(Number(number.toPrecision(4)));
  if (quantity === 'time') {
    if (Math.abs(value) >= 1e4) return `${short(value / 1e3)} s`;
    return Math.abs(value) < 1 && value !== 0 ? `${short(value * 1e3)} us` : `${short(value)} ms`;
  }
  if (quantity === 'share') return `${short(value * 100)} %`;
  if (quantity === 'percent') return `${short(value)} %`;
  if (quantity === 'rate') return `${short(value)}/s`;
  if (quantity === 'bytes') return `${short(value / 1024 ** 2)} MiB`;
  if (quantity === 'bytes_rate') return `${short(value / 1024 ** 2)} MiB/s`;
  return short(value);
}

function exampleOf(quantity: Quantity): string {
  const examples = {
    time: '10ms',
    share: '0.1%',
    percent: '80%',
    rate: '20/s',
    bytes: '500MiB',
    bytes_rate: '10MiB/s',
    count: '0',
  };
  return `write it as ${examples[quantity]}`;
}

function bad(what: string, limit: string, hint: string): EngramTraceError {
  return new EngramTraceError('usage', `the limit '${limit}': ${what}`, { hint });
}
