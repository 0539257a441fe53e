import type { Readable } from 'node:stream';

/** The next `sizeBytes` of a stream, in pieces as they come; fewer where it ends before. What follows stays in it. */
export async function* inputBytes(input: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let left = sizeBytes; left > 0; ) {
    const piece = input.read() as Buffer | null;
    if (piece === null) {
      if (input.readableEnded || input.destroyed) return;
      await change(input);
      continue;
    }
    if (piece.length > left) input.unshift(piece.subarray(left));
    yield piece.subarray(0, left);
    left -= Math.min(left, piece.length);
  }
}

const CHANGES = ['readable', 'end', 'close', 'error'] as const;

/** Resolves when there is more to read, or when it is known that there never will be. */
function change(input: Readable): Promise<void> {
  return new Promise((resolve) => {
    const onChange = (): void => {
      for (const event of CHANGES) input.off(event, onChange);
      resolve();
    };
    for (const event of CHANGES) input.on(event, onChange);
  });
}
