/** What a tool is to send, and how fast. */
export interface Work {
  readonly kind: 'get' | 'post' | 'grpc';
  readonly port: number;
  /** Of HTTP, with one request on each; of gRPC, calls in flight. */
  readonly connections: number;
  readonly pace: Pace;
  readonly plan: Plan;
}

/** As fast as it goes, so many or so long; or at a constant rate. */
export type Pace =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'rate'; readonly perSec: number; readonly seconds: number };

/** The same requests as files, each as some tool reads them. */
export interface Plan {
  readonly count: number;
  readonly path: string;
  /** Of this project. */
  readonly trace: string;
  /** Of GoReplay; '' for gRPC. */
  readonly gor: string;
  readonly gorCount: number;
  /** Of vegeta: all, as JSON; '' for gRPC. */
  readonly targets: string;
  /** Of vegeta: the first alone. */
  readonly target: string;
  /** The first body, for tools that send one again and again; '' for a GET. `.lua` beside it is the same for wrk. */
  readonly body: string;
  /** The body without the five bytes that gRPC puts in front. */
  readonly message: string;
  /** A file that a tool may write its results to. */
  readonly scratch: string;
}

/** What a tool said it did. */
export interface Reading {
  readonly answered: number;
  readonly failed: number;
  readonly seconds: number;
}

/** A program that sends requests: how it is told what to do, and how what it says is read. */
export interface Tool {
  readonly name: string;
  /** What is looked for on the PATH. */
  readonly program: string;
  /** Prints its version; where that says nothing, what Go noted in the program is taken. */
  readonly versionArgs: readonly string[];
  /** What it sends, and what it can't. */
  readonly sends: string;
  /** The command for this work; undefined where it can't do it. */
  command(work: Work): readonly string[] | undefined;
  /** Reads what it printed; undefined where it does not say what it did. */
  read(output: string): Reading | undefined;
  /** Makes of what the command wrote what `read` takes. */
  report?(work: Work): readonly string[];
  /** Ended by us once its requests have arrived: it does not end of its own. */
  readonly isEndless?: boolean;
}

/** The address of the work's requests. */
export function urlOf({ port, plan }: Work): string {
  return `http://127.0.0.1:${port}${plan.path}`;
}

/** In flight over two connections, where a tool tells calls from connections. */
export const GRPC_CONNECTIONS = 2;

/** How long a tool runs that knows a time where others know a number of requests. */
export function secondsOf(pace: Pace, leastPerSec: number): number {
  return pace.kind === 'count' ? Math.ceil(pace.count / leastPerSec) : pace.seconds;
}
