/** Longer values of a counted header are cut: they are kept, and logged, for each that differs. */
const MOST_CHARS = 200;

/** A value of a counted header as it is kept. */
export function countedValue(text: string): string {
  return text.length > MOST_CHARS ? text.slice(0, MOST_CHARS) : text;
}

/** Joins the values of lines of one name, as RFC 9110 does. */
export function joinedValue(before: string | undefined, value: string): string {
  return countedValue(before === undefined ? value : `${before}, ${value}`);
}
