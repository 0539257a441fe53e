import { judgeExpression } from '../../results/verdict/run-limits.ts';
import { type Expectations, exactly } from '../measure/expectations.ts';
import type { Leaves } from './document-leaves.ts';

/**
 * Each check again, from its expression and from the value that it names. That value is held against the operations by
 * itself; the expression is a fact of the run.
 */
export function expectChecks(leaves: Leaves, into: Expectations): void {
  for (let number = 0; leaves.has(`checks[${number}].expr`); number++) {
    const path = `checks[${number}]`;
    const expr = String(leaves.get(`${path}.expr`));
    const { observed, pass } = judgeExpression(expr, (of) => numberIn(leaves, of));
    into.set(`${path}.observed`, exactly(observed));
    into.set(`${path}.pass`, exactly(pass));
  }
}

function numberIn(leaves: Leaves, path: string): number | null {
  const value = leaves.get(path);
  return typeof value === 'number' ? value : null;
}
