type CleanUp = () => unknown;

const cleanUps = new Set<CleanUp>();

/** Has `cleanUp` done if a signal ends the bench; the function it gives takes that back. */
export function registerCleanUp(cleanUp: CleanUp): () => boolean {
  cleanUps.add(cleanUp);
  return () => cleanUps.delete(cleanUp);
}

/** Runs `cleanUp` after `action`, however that ends, and also when a signal ends the bench first. */
export async function withCleanUp<T>(cleanUp: CleanUp, action: () => Promise<T>): Promise<T> {
  const takeBack = registerCleanUp(cleanUp);
  try {
    return await action();
  } finally {
    if (takeBack()) await cleanUp();
  }
}

/** Does what is still to be cleaned up, the latest first. For who ends the process. */
export async function cleanUpAll(): Promise<void> {
  for (const cleanUp of [...cleanUps].reverse()) {
    cleanUps.delete(cleanUp);
    try {
      await cleanUp();
    } catch (thrown) {
      console.error(thrown);
    }
  }
}
