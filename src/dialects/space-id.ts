/** The space of operations that name none. */
export const DEFAULT_SPACE = 'default';

const SPACE_ID = /^[a-z0-9_-]{3,64}$/;

/** The trimmed id if it is a well-formed memory space (3 to 64 of a-z, 0-9, `-`, `_`); otherwise undefined. */
export function parseSpaceId(text: string): string | undefined {
  const trimmed = text.length > 1024 ? text : text.trim();
  return SPACE_ID.test(trimmed) ? trimmed : undefined;
}
