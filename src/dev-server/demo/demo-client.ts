/** One independent client: its own connection, one operation after the other. */
export interface DemoClient {
  readonly kind: 'http' | 'grpc';
  /** Sends the operation drawn by `pick` (0 to 1) and waits for its end; says whether it was a stream. Never rejects. */
  operate(number: number, pick: number): Promise<'operation' | 'stream' | 'failed'>;
  close(): void;
}
