import type { DangerRule } from './danger.ts';

/** The event types a client may ask for, of which the server sends none: it looks for the next one for ever. */
const NEVER_SENT = new Set(['activation', 'formation', 'decay', 'spreading', '']);
const SPINS =
  'it never sends an event of these types and looks for one for ever: a thread of the server is busy until it ends';
const ENDS_STREAM = 'its handler fails on an empty buffer, and the server ends with it';

const asksForNoEvent = ({ path }: { path: string }): boolean =>
  parameter(path, 'event_types')
    .split(',')
    .every((type) => NEVER_SENT.has(type.trim().toLowerCase()));
const hasNoBuffer = ({ path }: { path: string }): boolean => /^\+?0+$/.test(parameter(path, 'buffer_size'));

/** What ends an Engram, or takes a core of it for good. */
export const ENGRAM_DANGERS: readonly DangerRule[] = [
  { pattern: 'POST /shutdown', why: 'it ends the server' },
  {
    pattern: '/engram.v1.EngramService/MemoryStream',
    why: 'its handler fails, and a release build ends with it',
  },
  { pattern: 'GET|HEAD /api/v1/monitoring/events', why: SPINS, when: asksForNoEvent },
  { pattern: 'GET|HEAD /api/v1/monitor/events', why: SPINS, when: asksForNoEvent },
  { pattern: 'GET|HEAD /api/v1/stream/activities', why: ENDS_STREAM, when: hasNoBuffer },
];

/** A parameter of the query, decoded as a form is; '' where it is not there. */
function parameter(target: string, name: string): string {
  const question = target.indexOf('?');
  return question < 0 ? '' : (new URLSearchParams(target.slice(question + 1)).get(name) ?? '');
}
