/** What clients are told to people as: how many, the command of their open loop, and the targets that it names. */
export interface OpenLoop {
  readonly clients: number;
  readonly sentPerSec: number | null;
  /** The command of an open loop at this rate; undefined where there is none. */
  commandAt(ratePerSec: number): string | undefined;
}

/** What a closed loop can't tell, and which open loop does. */
export function openLoopNote({ clients, sentPerSec, commandAt }: OpenLoop): string {
  const words = `${clients} ${clients === 1 ? 'client' : 'clients'} waited for their answers: where the server was slow, less was asked of it, and no time counts from when an operation would have been due`;
  const command = sentPerSec === null ? undefined : commandAt(Number(sentPerSec.toPrecision(3)));
  if (command === undefined) return words;
  return `${words}. The same mean rate whatever the server does: ${command}`;
}
