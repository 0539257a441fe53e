/** Up to this size each slab is twice the next smaller one, then some pages larger: little of one is empty. */
const MAX_DOUBLED_BYTES = 4 * 1024;
const MIN_SLAB_BYTES = 64;
/** Larger ones are rare, and left to the collector. */
const MAX_POOLED_BYTES = 64 * 1024;
/** So much waits to be used again; on top of what capture holds. */
const MAX_WAITING_BYTES = 1024 * 1024;

const waiting = new Map<number, Buffer<ArrayBuffer>[]>();
let waitingBytes = 0;

/** How large a slab is that has room for so many bytes. */
export function slabBytes(neededBytes: number): number {
  if (neededBytes > MAX_POOLED_BYTES) return neededBytes;
  if (neededBytes > MAX_DOUBLED_BYTES) return Math.ceil(neededBytes / MAX_DOUBLED_BYTES) * MAX_DOUBLED_BYTES;
  let size = MIN_SLAB_BYTES;
  while (size < neededBytes) size *= 2;
  return size;
}

/** Memory of a size that `slabBytes` named: one that was given back, or a new one. */
export function takeSlab(sizeBytes: number): Buffer<ArrayBuffer> {
  const slab = waiting.get(sizeBytes)?.pop();
  if (slab === undefined) return Buffer.allocUnsafeSlow(sizeBytes);
  waitingBytes -= sizeBytes;
  return slab;
}

/** Takes a slab back: whoever takes one next writes over it. Nothing may read it any more. */
export function giveSlab(slab: Buffer<ArrayBuffer>): void {
  const sizeBytes = slab.length;
  if (sizeBytes > MAX_POOLED_BYTES || waitingBytes + sizeBytes > MAX_WAITING_BYTES) return;
  waitingBytes += sizeBytes;
  const others = waiting.get(sizeBytes);
  if (others === undefined) waiting.set(sizeBytes, [slab]);
  else others.push(slab);
}
