type OptionValue = number | string | boolean | readonly number[] | readonly string[];

/** What each option is where nothing is said, and what it means. Lists are written with commas. */
export type OptionTable = Readonly<Record<string, readonly [fallback: OptionValue, what: string]>>;

type Widened<T> = T extends boolean
  ? boolean
  : T extends number
    ? number
    : T extends string
      ? string
      : T extends readonly number[]
        ? readonly number[]
        : readonly string[];

/** Options by their name in the table. */
export type OptionsOf<T extends OptionTable> = { readonly [K in keyof T]: Widened<T[K][0]> };

/** The options are not understood, or help was asked for; the message is for people. */
export class BenchUsage extends Error {
  readonly isHelp: boolean;

  constructor(message: string, isHelp = false) {
    super(message);
    this.isHelp = isHelp;
  }
}

/** Reads `--name value` and `--name=value`, and `--name` where it is yes or no; `coolDown` is written `--cool-down`. Throws `BenchUsage`. */
export function benchOptions<const T extends OptionTable>(args: readonly string[], table: T): OptionsOf<T> {
  const found: Record<string, OptionValue> = {};
  for (const [key, [fallback]] of Object.entries(table)) found[key] = fallback;
  const words = args.flatMap((arg) => {
    const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [];
    return flag === undefined || value === undefined ? [arg] : [flag, value];
  });
  while (words.length > 0) {
    const flag = words.shift() as string;
    if (flag === '--help') throw new BenchUsage(helpText(table), true);
    const entry = Object.entries(table).find(([key]) => flagOf(key) === flag);
    const text = typeof entry?.[1][0] === 'boolean' ? '' : words.shift();
    if (entry === undefined || text === undefined) throw new BenchUsage(`${flag}?\n${helpText(table)}`);
    found[entry[0]] = parsed(text, entry[1][0], flag);
  }
  return found as OptionsOf<T>;
}

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function parsed(text: string, fallback: OptionValue, flag: string): OptionValue {
  if (typeof fallback === 'boolean') return true;
  if (typeof fallback === 'string') return text;
  if (typeof fallback === 'number') return numberOf(text, flag);
  const parts = text.split(',');
  return typeof fallback[0] === 'number' ? parts.map((part) => numberOf(part, flag)) : parts;
}

function numberOf(text: string, flag: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0) || number === Infinity)
    throw new BenchUsage(`${flag}: '${text}' is no number`);
  return number;
}

function helpText(table: OptionTable): string {
  const lines = Object.entries(table).map(
    ([key, [fallback, what]]) => `  ${flagOf(key).padEnd(18)} ${what} (default: ${fallback})`,
  );
  return `options:\n${lines.join('\n')}`;
}
