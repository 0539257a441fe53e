/** A signed integer below 2^52 in size as protobuf's sint64 writes it. */
export function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

/** What `zigzag` was given. */
export function unzigzag(raw: number): number {
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}
