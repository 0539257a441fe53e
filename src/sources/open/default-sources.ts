import { loadtestSource } from '../loadtest/loadtest-source.ts';
import { ndjsonSource } from '../ndjson/ndjson-source.ts';
import type { Source } from '../source.ts';

/** All sources there are; of two that are sure, the first is taken. */
export const SOURCES: readonly Source[] = [ndjsonSource, loadtestSource];
