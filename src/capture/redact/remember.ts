const MAX_REMEMBERED = 1024;
const MAX_CHARS = 64;

/** `compute`, remembering its answers for short names: clients send the same few all day. */
export function remember<T>(compute: (name: string) => T, maxChars = MAX_CHARS): (name: string) => T {
  const known = new Map<string, { answer: T }>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found.answer;
    const answer = compute(name);
    if (name.length <= maxChars) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      // A copy: a piece of a string would keep the whole of it, a head of 256 KiB, in memory.
      known.set(Buffer.from(name, 'utf16le').toString('utf16le'), { answer });
    }
    return answer;
  };
}
