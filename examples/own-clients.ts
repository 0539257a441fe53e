// Clients of your own, which wait for their answers: what each does is a function, and what comes of it is measured as a
// replay is. The four ideas of a load framework stand here side by side. Run: node own-clients.ts
import { type OwnClients, playClients } from 'engram-trace';

// State: what all clients share.
const cache = new Map<string, string>();

// Scenario: one operation has a name, and says whether it went well and, where it looks something up, whether it hit.
const scenario: Pick<OwnClients, 'createClient'> = {
  createClient: (client) => ({
    next: (operation) => {
      const key = `${client}/${operation - (operation % 4)}`;
      if (operation % 4 === 0) return { op: 'put', run: async () => ({ ok: cache.set(key, 'x').size > 0 }) };
      return {
        op: 'get',
        run: async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return { ok: true, hit: cache.has(operation % 4 === 3 ? `${key}?` : key) };
        },
      };
    },
  }),
};

// Config: how many clients, for how long, and how they take their time.
const config = { clients: 5, requests: 40, durationNs: 60e9, think: 'exp:2ms', seed: 7 };

// Metrics: the results document.
const {
  operations,
  latency,
  cache: counted,
  throughput_ops_per_sec,
} = await playClients({
  ...config,
  ...scenario,
});
console.log(
  `${operations.successful} of ${operations.total} ok, ${throughput_ops_per_sec?.toFixed(0)} a second`,
);
console.log(`hits ${counted.hits}, misses ${counted.misses}, ${counted.hit_rate_percent?.toFixed(0)} %`);
console.log(`p50 ${latency.overall.p50} ms`);
