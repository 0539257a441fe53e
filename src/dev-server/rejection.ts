/** Why an operation is refused; each protocol maps it to a status of its own. */
export type RejectionReason =
  | 'invalid'
  | 'bad_request'
  | 'memory_not_found'
  | 'belief_not_found'
  | 'resource_not_found'
  | 'unprocessable'
  | 'failed_precondition'
  | 'internal'
  | 'unimplemented'
  | 'unavailable'
  | 'single_node';

/** A refusal, returned in the place of an answer: a failed operation is data. */
export interface Rejection {
  readonly rejected: RejectionReason;
  readonly message: string;
}

/** Why an operation is refused that finds the queue full. */
export const TOO_MANY_WAIT = 'more operations wait than the service queue of the dev-server has room for';

/** Makes a refusal. */
export function reject(rejected: RejectionReason, message: string): Rejection {
  return { rejected, message };
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'rejected' in value;
}
