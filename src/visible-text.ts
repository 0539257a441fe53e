/** Characters that show nothing themselves and change what a terminal shows of the rest, or how it goes on. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Those of them that may stand in JSON: its own line feeds stay, and JSON.stringify has written C0 as escapes. */
const HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Shows control characters, escape sequences, line ends, what turns the direction of writing and halves of pairs as
 * escapes such as `\n`, `\x1b`, `\u202e`. Whatever text from elsewhere is printed on a terminal goes through this: it
 * can neither move the cursor nor pass for a line of ours. Shown text stays as it is.
 */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (hidden) => NAMED[hidden] ?? escaped(hidden));
}

/** Lines for people as one text, each shown by `visibleText`. */
export function linesText(lines: readonly string[]): string {
  return `${lines.map(visibleText).join('\n')}\n`;
}

/** Writes JSON with escapes for what `JSON.stringify` leaves raw and a terminal would act on. */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN_IN_JSON, (hidden) => Array.from(hidden.split(''), unicode).join(''));
}

/** JSON for programs; nothing in it acts on a terminal. */
export function jsonText(value: unknown, indent?: number): string {
  return `${visibleJson(JSON.stringify(value, undefined, indent))}\n`;
}

function escaped(hidden: string): string {
  const code = hidden.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return code > 0xff ? unicode(hidden) : `\\x${code.toString(16).padStart(2, '0')}`;
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
