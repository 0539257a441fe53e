import { distancesOfFit } from '../fit/distances-of-fit.ts';
import { type FittedScenario, fitScenario } from '../fit/fit-scenario.ts';
import { recordedLoad } from '../fit/recorded-load.ts';
import { scenarioToml } from '../fit/scenario-toml.ts';
import type { TraceDistances } from '../nearness/trace-distances.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { translateRecords } from '../transforms/translate-records.ts';
import { inOptionWords } from './in-option-words.ts';
import { type TraceInput, withTrace } from './with-trace.ts';

/** How a scenario is learned. */
export interface FitTraceOptions {
  /** What the scenario is called; `like` and the name of the trace where undefined. */
  readonly name?: string | undefined;
  /** Of what the scenario makes, to see how near it comes; 1 where undefined. */
  readonly seed?: number | undefined;
}

/** A scenario that was learned from a trace. */
export interface FittedTrace extends FittedScenario {
  /** The scenario as a file, which `readScenario` reads. */
  readonly toml: string;
  /** How far what it makes is from the trace. */
  readonly distances: TraceDistances;
}

const OPTIONS: Record<keyof FitTraceOptions, true> = { name: true, seed: true };

/** Learns a scenario from a trace, named or open. None of the content of the trace goes into it. */
export function fitTrace(trace: TraceInput, options: FitTraceOptions = {}): Promise<FittedTrace> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, OPTIONS, 'of fitTrace');
    return withTrace(trace, async (opened) => {
      const { name, header } = opened;
      const batches = translateRecords(header.dialect, opened.records({ ahead: true }));
      const load = await recordedLoad(header, batches);
      const fitted = fitScenario(options.name ?? `like ${name}`, load);
      const measured = { name, measures: load.measures };
      const distances = await distancesOfFit(fitted.scenario, options.seed ?? 1, measured);
      return { ...fitted, toml: scenarioToml(fitted.scenario), distances };
    });
  });
}
