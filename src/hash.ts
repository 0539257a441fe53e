/** Where FNV-1a of 32 bits starts, unless two hashes of one text must not agree. */
const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** One step of FNV-1a: takes a byte, or a UTF-16 unit, into the hash. */
export function fnvStep(hash: number, value: number): number {
  return Math.imul(hash ^ value, FNV_PRIME);
}

/** FNV-1a over the UTF-16 units of a text. Its high bits alone are poor: see `mix32`. */
export function fnv1a(text: string, start: number = FNV_START): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = fnvStep(hash, text.charCodeAt(i));
  return hash;
}

/** FNV-1a over bytes, from `from` to before `to`. */
export function fnv1aOfBytes(bytes: Uint8Array, from = 0, to = bytes.length, start = FNV_START): number {
  let hash = start;
  for (let at = from; at < to; at += 1) hash = fnvStep(hash, bytes[at] as number);
  return hash;
}

/** The finalizer of MurmurHash3: spreads what is in 32 bits evenly over them, because short, similar names hash alike. */
export function mix32(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
