/** Keys of a table, without those that are undefined. */
export type TomlValues = Readonly<Record<string, string | number | readonly number[] | undefined>>;

/** The lines of a table, the one at the top where it has no title. */
export function tomlTable(title: string | undefined, values: TomlValues): string[] {
  const lines = Object.entries(values).flatMap(([key, value]) =>
    // A text of JSON is one of TOML, and so is a list of numbers.
    value === undefined ? [] : [`${key} = ${textOf(value)}`],
  );
  return [...(title === undefined ? [] : [`[${title}]`]), ...lines, ''];
}

function textOf(value: string | number | readonly number[]): string {
  if (value === Infinity) return 'inf';
  return typeof value === 'number' ? `${value}` : JSON.stringify(value);
}
