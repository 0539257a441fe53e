import type { ResourcesSection } from '../../results/document/resources-section.ts';

/** What is watched while a run goes on, besides the run itself. */
export interface Watch {
  /** Begins to read. Throws `usage` for what is not there. */
  open(warn: (text: string) => void): Promise<WatchRun>;
}

/** Watching while it goes on. */
export interface WatchRun {
  /** Reads for the last time. Once only; resolves with an error's words where nothing is known. */
  end(run: { startNs: number; endNs: number }): Promise<WatchedRun | string>;
  close(): Promise<void>;
}

/** What was read. */
export interface WatchedRun {
  section(): ResourcesSection;
  /** Means in a span of the run, by the names of the series. */
  inWindow(span: { readonly start_s: number; readonly width_s: number }): Record<string, number>;
}
