// V8 compiles code for the kinds of values it has seen. Where a field or a list begins as one kind and turns into
// another in the middle of a replay, all the code that knew its object is thrown away, and operations leave late.

/**
 * Zero, for fields and sums on the hot path that outgrow small integers (2^31 ns are 2.1 s). V8 keeps -0 as a double.
 */
export const DOUBLE_ZERO = -0;

/** An empty list for objects: `[]` is one for small integers until the first object is in it. */
export function emptyList<T extends object | undefined>(): T[] {
  const list = [undefined as T];
  list.pop();
  return list;
}
