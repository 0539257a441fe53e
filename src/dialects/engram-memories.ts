import type { MemoryCounting } from './memory-counting.ts';

/** Engram tells with every list of memories how many each of its tiers holds. */
export const engramMemories: MemoryCounting = {
  request: (space) => ({
    method: 'GET',
    path: `/api/v1/memories?tier=all&limit=1&space=${encodeURIComponent(space)}`,
    body: '',
  }),
  counted: (body) => {
    try {
      const { tier_counts: counts } = JSON.parse(body) as { tier_counts: { total: unknown } };
      return typeof counts.total === 'number' ? counts.total : undefined;
    } catch {
      return undefined;
    }
  },
};
