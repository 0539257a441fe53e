import { spawn } from 'node:child_process';
import net from 'node:net';
import { registerCleanUp } from './clean-up.ts';

/** A program that runs beside the measurement. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;
const STOPS_WITHIN_MS = 3000;

/** Starts a program and waits until `port` takes connections. A signal to the bench stops it. */
export async function startProgram(
  name: string,
  [program = '', ...args]: readonly string[],
  port: number,
): Promise<Program> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      hasEnded = true;
      resolve();
    };
    child.once('close', end).once('error', end);
  });
  const stop = async (): Promise<void> => {
    forget();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  };
  const forget = registerCleanUp(stop);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    if (performance.now() > deadline || hasEnded) {
      await stop();
      throw new Error(`${name} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { name, pid: child.pid ?? 0, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
