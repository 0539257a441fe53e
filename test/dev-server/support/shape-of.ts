/** The keys and types of a JSON value: what must agree where values can't. Times are told apart by their zone. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, shapeOf(item)]));
  }
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)$/.exec(String(value));
  return time ? `time ${time[1]}` : typeof value;
}
