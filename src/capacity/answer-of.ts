import { kneeOf } from '../statistics/knee.ts';
import { scalabilityLaw } from '../statistics/scalability-law.ts';
import { type AnswerSection, type ProbeEntry, scalabilitySection } from './capacity-document.ts';
import type { Capacity } from './search-capacity.ts';

/** Share of the capacity that leaves room for a bad day: the rule of the capacity guide. */
const SAFE_SHARE = 0.7;

/** What a search found, in the words of the document, with what its probes show besides. */
export function answerOf(found: Capacity, probes: readonly ProbeEntry[]): AnswerSection {
  const { type, boundary, held, breached } = found;
  const valid = probes.filter(({ kind }) => kind === 'valid');
  const isCliff = type === 'cliff';
  const capacity = boundary?.load ?? null;
  // Of a capacity that is met again by no load, nothing is safe.
  const surely = type === 'metastable' || type === 'unknown' ? null : held;
  const safe = capacity ?? surely;
  return {
    boundary_type: type,
    capacity,
    low: boundary?.low ?? (isCliff ? held : null),
    high: boundary?.high ?? (isCliff ? breached : null),
    held,
    breached,
    binding_limit: boundary?.bindingLimit ?? brokenFirst(valid, breached),
    limited_by: found.limitedBy,
    is_monotone: found.isMonotone,
    safe_load: safe === null ? null : SAFE_SHARE * safe,
    knee: kneeSection(valid),
    scalability_law: scalabilitySection(
      scalabilityLaw(
        valid.flatMap(({ mean_in_flight: inFlight, throughput_ops_per_sec: perSecond }) =>
          inFlight === null || perSecond === null ? [] : [{ inFlight, perSecond }],
        ),
      ),
    ),
  };
}

/** The limit that was broken most at the lowest load that did not hold. */
function brokenFirst(valid: readonly ProbeEntry[], breached: number | null): string | null {
  const margins = valid.filter(({ load }) => load === breached).flatMap((probe) => probe.margins);
  return margins.toSorted((a, b) => a.margin - b.margin)[0]?.limit ?? null;
}

/** Over the mean p99 of each load: several runs of one are one point of the curve. */
function kneeSection(valid: readonly ProbeEntry[]): AnswerSection['knee'] {
  const loads = [...new Set(valid.map(({ load }) => load))];
  const points = loads.flatMap((load) => {
    const seen = valid.flatMap((probe) =>
      probe.load === load && probe.p99_ms !== null ? [probe.p99_ms] : [],
    );
    return seen.length === 0 ? [] : [{ x: load, y: seen.reduce((sum, each) => sum + each, 0) / seen.length }];
  });
  const knee = kneeOf(points);
  return knee === undefined ? null : { load: knee.x, p99_ms: knee.y };
}
