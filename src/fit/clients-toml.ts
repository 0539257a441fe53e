import type { ClientScenario } from '../workload/clients/client-scenario.ts';
import { tomlTable } from './toml-table.ts';

/** A scenario of clients as the file that `run --scenario` reads. */
export function clientsToml({ name, description, load, pace }: ClientScenario): string {
  return [
    ...tomlTable(undefined, { name, description }),
    ...tomlTable('duration', { total_seconds: load.durationNs / 1e9 }),
    ...tomlTable('clients', {
      count: load.clients,
      requests: load.requests,
      hit_rate: load.hitRate,
      put_share: load.putShare,
      artifacts: load.artifacts,
      artifact_bytes: load.artifactBytes,
      think: pace.thinkText,
      ramp_up_sec: pace.rampUpNs / 1e9,
    }),
  ].join('\n');
}
