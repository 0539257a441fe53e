import type { Reason, Verdict } from '../document/fidelity-section.ts';
import type { ReasonCode } from './remedies.ts';

/** A finding and how bad it is. */
export interface Finding {
  severity: 'degraded' | 'invalid';
  reason: Reason;
}

export function finding(
  severity: Finding['severity'],
  code: ReasonCode,
  message: string,
  observed: Reason['observed'] = null,
  limit: Reason['limit'] = null,
): Finding {
  return { severity, reason: { code, message, observed, limit } };
}

/** Limits of one measure, in its own unit. */
export interface Limits {
  /** Undefined where a value is either fine or invalid. */
  readonly degraded?: number;
  readonly invalid?: number;
}

/** Makes a finding where `value` is above a limit; an unknown value makes none here (see `fidelity-findings.ts`). */
export function aboveLimit(
  value: number | undefined,
  limits: Limits,
  code: ReasonCode,
  message: string,
  perUnit = 1,
): Finding[] {
  if (value === undefined) return [];
  const { degraded = Infinity, invalid: worst = Infinity } = limits;
  const invalid = value > worst;
  const limit = invalid ? worst : degraded;
  if (!(value > limit)) return [];
  const round = (number: number): number => Math.round((number / perUnit) * 1e6) / 1e6;
  return [finding(invalid ? 'invalid' : 'degraded', code, message, round(value), round(limit))];
}

/** Decides the verdict: the worst finding counts. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === 'invalid')) return 'invalid';
  return findings.length > 0 ? 'degraded' : 'valid';
}
