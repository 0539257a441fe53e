import { parseSpaceId } from './space-id.ts';
import type { SpaceMaking } from './space-making.ts';

const PATH = '/api/v1/spaces';

/** Engram makes a space on its first use, and stands still meanwhile, or before, when it is asked to. */
export const engramSpaces: SpaceMaking = {
  list: { method: 'GET', path: PATH, body: '' },
  listed: (body) => {
    try {
      const { spaces } = JSON.parse(body) as { spaces: { id: unknown }[] };
      return spaces.map(({ id }) => String(id));
    } catch {
      return [];
    }
  },
  create: (space) =>
    parseSpaceId(space) === space
      ? { method: 'POST', path: PATH, body: JSON.stringify({ id: space }) }
      : undefined,
};
