import type { MixStage, OperationWeights } from './scenario.ts';

/** The weights of a whole run: each stage's shares, times the seconds that it lasts. */
export function meanWeights(stages: readonly MixStage[]): OperationWeights {
  const mean = (of: (weights: OperationWeights) => number): number =>
    stages.reduce((sum, { durationNs, operations }) => {
      const total = Object.values(operations).reduce((all, each) => all + each, 0);
      return sum + (of(operations) / total) * durationNs;
    }, 0) / 1e9;
  return {
    store: mean(({ store }) => store),
    recall: mean(({ recall }) => recall),
    embeddingSearch: mean(({ embeddingSearch }) => embeddingSearch),
    patternCompletion: mean(({ patternCompletion }) => patternCompletion),
  };
}
