import { CHAOS_KINDS, type ChaosSpec } from './chaos-spec.ts';
import type { TableReader } from './table-reader.ts';

/** More would be a load of its own, and no longer beside it. */
const MOST_PER_SEC = 100;
const HOLD_SECONDS = { usual: 10, most: 600 };
const CONNECTIONS = { usual: 100, most: 1000 };

/** Reads `[chaos]`; undefined where it is not there, or not enabled. */
export function readChaos(chaos: TableReader, isThere: boolean): ChaosSpec | undefined {
  const isEnabled = isThere && chaos.flag('enabled');
  const rateOf = (key: string): number => chaos.number(key, { least: 0, most: MOST_PER_SEC, otherwise: 0 });
  const rates = CHAOS_KINDS.map((kind) => [kind, rateOf(`${kind}_per_sec`)] as const);
  const spec: ChaosSpec = {
    ratesPerSec: Object.fromEntries(rates) as ChaosSpec['ratesPerSec'],
    holdNs: chaos.seconds('hold_sec', { most: HOLD_SECONDS.most, otherwise: HOLD_SECONDS.usual }),
    mostConnections: chaos.whole('max_connections', {
      ...{ least: 1, most: CONNECTIONS.most, otherwise: CONNECTIONS.usual },
    }),
  };
  chaos.refuseOthers();
  if (!isEnabled) return undefined;
  if (rates.some(([, rate]) => rate > 0)) return spec;
  throw chaos.error(
    'enabled',
    '= true, and every rate is 0: nothing would be done',
    `give one of ${CHAOS_KINDS.map((kind) => `${kind}_per_sec`).join(', ')}, or write enabled = false`,
  );
}
