/** The HTTP/2 path of an rpc of Engram. */
export function rpcPath(rpc: string): string {
  return `/engram.v1.EngramService/${rpc}`;
}
