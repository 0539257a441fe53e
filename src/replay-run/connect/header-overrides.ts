import { EngramTraceError } from '../../error.ts';
import type { HeaderList } from '../../trace/record/record.ts';

/** Headers that frame a message: a transport has to write them itself. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads `-H` values: `NAME: VALUE`, or `@FILE` with one such line for each header (empty lines and lines that
 * begin with # are skipped), so that secrets stay out of the command line. What was typed is sent as it was typed, in
 * UTF-8, and a file's bytes as they are (`readFile` gives one a character). Errors (`usage`) never repeat a value.
 */
export function parseHeaderOverrides(
  texts: readonly string[],
  readFile: (path: string) => string,
): HeaderList {
  const headers: string[] = [];
  for (const text of texts) {
    if (!text.startsWith('@')) headers.push(...parseLine(typedBytes(text), '-H'));
    else for (const line of fileLines(text.slice(1), readFile)) headers.push(...line);
  }
  return headers;
}

function fileLines(path: string, readFile: (path: string) => string): HeaderList[] {
  const lines = readFile(path).split(/\r?\n/);
  return lines.flatMap((line, i) =>
    line.trim() === '' || line.startsWith('#') ? [] : [parseLine(line, `${path}, line ${i + 1}`)],
  );
}

/** The bytes that were typed, one a character. */
function typedBytes(text: string): string {
  if (text.includes('\ufffd')) {
    throw new EngramTraceError('usage', 'a header is not in UTF-8', {
      where: '-H',
      hint: 'give it in a file, whose bytes are sent as they are: -H @FILE',
    });
  }
  return Buffer.from(text, 'utf8').toString('latin1');
}

function parseLine(text: string, where: string): HeaderList {
  const colon = text.indexOf(':');
  const pseudo = /^\s*(:[a-z]+)\s*:/.exec(text)?.[1];
  if (pseudo !== undefined) {
    throw new EngramTraceError(
      'usage',
      `'${pseudo}' is made from the endpoint and the trace and can't be set`,
      {
        where,
        hint: "for HTTP, -H 'Host: …' sets the name that is asked for",
      },
    );
  }
  const name = text.slice(0, Math.max(0, colon)).trim();
  if (!NAME.test(name)) {
    throw new EngramTraceError('usage', 'a header is not of the form NAME: VALUE', { where });
  }
  const value = text.slice(colon + 1).trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value)) {
    throw new EngramTraceError(
      'usage',
      `the value of header '${name}' has characters that no header may have`,
      { where },
    );
  }
  if (FRAMING.has(name.toLowerCase())) {
    throw new EngramTraceError('usage', `the header '${name}' frames the message and can't be set`, {
      where,
    });
  }
  return [name, value];
}
