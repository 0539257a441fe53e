import { withCleanUp } from '../exit/signals.ts';
import { type Output, openOutput } from './output.ts';

/**
 * Opens an output and runs `work` with it; an error or a signal removes what was written so far. Signals are minded
 * from before the output is there: one that comes while it is opened leaves nothing behind either.
 */
export function withOutput<T>(
  name: string,
  options: Parameters<typeof openOutput>[1],
  work: (output: Output) => Promise<T>,
): Promise<T> {
  let opening: Promise<Output> | undefined;
  const cleanUp = async () => {
    const output = await opening?.catch(() => undefined);
    await output?.abort();
  };
  return withCleanUp(cleanUp, async () => {
    opening = openOutput(name, options);
    return work(await opening);
  });
}
