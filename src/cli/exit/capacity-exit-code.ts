import type { CapacityDocument } from '../../capacity/capacity-document.ts';
import { EXIT, exitCodeOfSignal } from './exit-code.ts';

/** Exit code of a search: 99 where nothing holds, 98 where too few runs were valid to say; a signal comes before them. */
export function capacityExitCode(
  { answer }: Pick<CapacityDocument, 'answer'>,
  signal: NodeJS.Signals | undefined,
): number {
  if (signal !== undefined) return exitCodeOfSignal(signal);
  if (answer.boundary_type === 'never_held') return EXIT.limitsNotMet;
  return answer.boundary_type === 'unknown' ? EXIT.invalidReplay : EXIT.ok;
}
