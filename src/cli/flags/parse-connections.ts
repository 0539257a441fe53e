import { EngramTraceError } from '../../error.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';

/** More connections than ports to one address can't be open. */
const MOST_CONNECTIONS = 65_535;

/** Reads `pooled`, `recorded` or a number of connections. Throws `usage`. */
export function parseConnections(text: string): ConnectionMode {
  if (text === 'pooled' || text === 'recorded') return text;
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_CONNECTIONS) return Number(text);
  throw new EngramTraceError(
    'usage',
    `'${text}' is not pooled, recorded, or a number from 1 to ${MOST_CONNECTIONS}`,
  );
}
