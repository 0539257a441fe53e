/** What a replay waits for, of a server and of the sessions: longer than a busy machine stands still. */
export const PATIENT = { timeoutNs: 120e9, gateTimeoutNs: 120e9 } as const;
