import type { ContentOf } from '../values/content.ts';
import type { Vectors } from '../values/vectors.ts';

/** What a memory is, by its key. */
export interface ValuesOfKeys {
  readonly vectors: Vectors;
  readonly content: ContentOf;
  /** The id it is stored under. */
  id(key: number): string;
}
