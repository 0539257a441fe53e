/** A request the dialect makes up. */
export interface MadeRequest {
  readonly method: string;
  readonly path: string;
  /** '' for none; otherwise JSON. */
  readonly body: string;
}

/** How an application's spaces are made over HTTP. A space is ready when its request is answered with 2xx. */
export interface SpaceMaking {
  readonly list: MadeRequest;
  /** The spaces an answer to `list` names; none where it can't be read. */
  listed(body: string): string[];
  /** Undefined for a name that the server would refuse. */
  create(space: string): MadeRequest | undefined;
}
