import type { ShardPart } from '../replay/replay-options.ts';
import type { ChaosTarget } from '../replay-run/options/chaos-load.ts';
import type { ChaosSection } from '../results/document/chaos-section.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';
import type { ChaosPlan } from './chaos-plan.ts';

/** What the thread of chaos starts with. */
export interface ChaosWork {
  readonly plan: ChaosPlan;
  readonly scenario: Scenario;
  readonly targets: readonly ChaosTarget[];
  readonly shard: ShardPart | undefined;
}

/** What it is told. */
export type ToChaos = 'start' | 'end';

/** What it tells. */
export type FromChaos =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ended'; readonly section: ChaosSection };
