import type { Operation } from '../../replay/ports.ts';
import type { Flight } from '../../replay/release/flight.ts';
import type { SendPlace } from '../../replay-log/replay-log.ts';

/**
 * Operations that have left and are not settled, `OPEN_COLUMNS` numbers each: what the results of a shard that died
 * before they ended can still say of them. NaN is undefined. Times in ns on the common clock.
 */
export interface OpenRows {
  readonly rows: number;
  readonly columns: Float64Array<ArrayBuffer>;
}

const SEQUENCE = 0;
const DUE = 1;
const READY = 2;
const RELEASED = 3;
const SENT = 4;
const FIRST_ANSWER = 5;
const READING = 6;
const FULL = 7;
const PACED = 8;
const STALLED = 9;
const ORDER = 10;
const IN_FLIGHT = 11;
const OPEN_COLUMNS = 12;

export const NO_ROWS: OpenRows = { rows: 0, columns: new Float64Array(0) };
const NOWHERE: SendPlace = { order: 0, inFlight: 0 };

/** The rows of those of `flights` that have left. */
export function openRowsOf(
  flights: readonly Flight[],
  placeOf: ((number: number) => SendPlace | undefined) | undefined,
): OpenRows {
  const columns = new Float64Array(flights.length * OPEN_COLUMNS);
  let rows = 0;
  for (const flight of flights) {
    if (flight.sentNs === undefined) continue;
    putRow(columns, rows, flight, placeOf?.(flight.number) ?? NOWHERE);
    rows += 1;
  }
  return rows === flights.length
    ? { rows, columns }
    : { rows, columns: columns.slice(0, rows * OPEN_COLUMNS) };
}

function putRow(columns: Float64Array, row: number, operation: Operation, place: SendPlace): void {
  const at = row * OPEN_COLUMNS;
  columns[at + SEQUENCE] = operation.sequence;
  columns[at + DUE] = operation.dueNs;
  columns[at + READY] = operation.readyNs;
  columns[at + RELEASED] = operation.releasedNs ?? Number.NaN;
  columns[at + SENT] = operation.sentNs ?? Number.NaN;
  columns[at + FIRST_ANSWER] = operation.firstAnswerNs ?? Number.NaN;
  columns[at + READING] = operation.readingNs;
  columns[at + FULL] = operation.fullNs;
  columns[at + PACED] = operation.pacedNs;
  columns[at + STALLED] = operation.stalledNs;
  columns[at + ORDER] = place.order;
  columns[at + IN_FLIGHT] = place.inFlight;
}

/** Calls `take` for each row: `fill` makes an operation what it was, `place` says where its send stood. */
export function eachOpenRow(
  { rows, columns }: OpenRows,
  take: (sequence: number, fill: (operation: Operation) => void, place: SendPlace) => void,
): void {
  for (let row = 0; row < rows; row += 1) {
    const at = row * OPEN_COLUMNS;
    const number = (column: number): number => columns[at + column] as number;
    const optional = (column: number): number | undefined =>
      Number.isNaN(number(column)) ? undefined : number(column);
    const fill = (operation: Operation): void => {
      operation.dueNs = number(DUE);
      operation.readyNs = number(READY);
      operation.releasedNs = optional(RELEASED);
      operation.sentNs = optional(SENT);
      operation.firstAnswerNs = optional(FIRST_ANSWER);
      operation.readingNs = number(READING);
      operation.fullNs = number(FULL);
      operation.pacedNs = number(PACED);
      operation.stalledNs = number(STALLED);
    };
    take(number(SEQUENCE), fill, { order: number(ORDER), inFlight: number(IN_FLIGHT) });
  }
}
