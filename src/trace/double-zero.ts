/**
 * Zero, for fields and sums on the hot path that outgrow small integers (2^31 ns are 2.1 s). V8 keeps -0 as a double:
 * a field that begins as a small integer and turns into a double in the middle of a replay makes it throw away and
 * compile again all the code that knew its object, and operations leave late for that.
 */
export const DOUBLE_ZERO = -0;
