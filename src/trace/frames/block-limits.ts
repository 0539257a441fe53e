/** No block is longer than this; a reader may refuse one that claims to be. */
export const MAX_BLOCK_BYTES = 256 * 1024 * 1024;
