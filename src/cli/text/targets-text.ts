import type {
  AddressEntry,
  ResultsDocument,
  TargetEntry,
  TargetSection,
} from '../../results/document/results-document.ts';
import { type MeasuredRow, measuredTable } from './op-table-text.ts';

/** Says of each of several targets how it did, and which address of a name got how many connections. */
export function targetLines({ target, targets = [] }: ResultsDocument): string[] {
  const table = targets.length > 1 ? measuredTable('target', targets.map(rowOf)) : [];
  const all = targets.length > 1 ? targets : [target];
  return [...table.map((line) => `  ${line}`), ...all.flatMap((each) => addressesText(each, all.length > 1))];
}

function rowOf(target: TargetEntry): MeasuredRow {
  const { operations, latency } = target;
  const response = latency.overall;
  const { total: sent, failed } = operations;
  return { name: targetName(target), sent, failed, response, maxMs: response.max };
}

/** Names a target by its endpoints. */
export function targetName({ http, grpc }: Pick<TargetSection, 'http' | 'grpc'>): string {
  return [http, grpc].filter((url) => url !== null).join(' + ');
}

/** Nothing where a name has one address. */
function addressesText(target: TargetSection, isOneOfSeveral: boolean): string[] {
  return (['http', 'grpc'] as const).flatMap((protocol) => {
    const ofIt = target.addresses.filter((entry) => entry.protocol === protocol);
    const name = protocol === 'http' ? 'HTTP' : 'gRPC';
    const where = isOneOfSeveral ? `of ${target[protocol]} ` : '';
    return ofIt.length > 1
      ? [`${name} connections ${where}by address: ${ofIt.map(addressText).join(', ')}`]
      : [];
  });
}

function addressText({ address, connections, failed_attempts: failed }: AddressEntry): string {
  if (connections === null) return `${address} not known`;
  return `${address} ${connections}${failed ? ` (passed over ${failed} times)` : ''}`;
}
