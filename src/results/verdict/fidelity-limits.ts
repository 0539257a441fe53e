/** Thresholds of the verdict; docs/results.md lists them with their reasons. Above a limit the verdict falls. */
export const FIDELITY_LIMITS = {
  /** Share of the operations handed to a transport of which no byte left: nobody knows when they would have. */
  neverLeftShare: { degraded: 0.01, invalid: 0.5 },
  /** Share of the plan that was given up: shed, held too long by its session, or never reached. */
  notPlayedShare: { invalid: 0.1 },
  /** Share of the operations compared whose answer is of another status class than recorded. */
  statusMismatchShare: { degraded: 0.01, invalid: 0.1 },
  /** Share of the operations sent that met the end of a kept connection. */
  keepaliveClosedShare: { degraded: 0.01 },
  /** 99th percentile of the lateness the generator is to blame for, in ns: degraded, invalid. */
  generatorLatenessP99Ns: { degraded: 5e6, invalid: 250e6 },
  /** Its median. */
  generatorLatenessP50Ns: { degraded: 2e6, invalid: 25e6 },
  /** 99th percentile of the wait for a session's own predecessors. */
  gateWaitP99Ns: { degraded: 10e6 },
  /** Share of the operations sent that were sent out of the order of their session, where no order was promised. */
  openInversionShare: { degraded: 0.001 },
  /** Share of operations held because in flight, or every connection they may use, was full. */
  backPressureShare: { degraded: 0.001 },
  /** Lateness of the messages of streams, and the share of them that never left. */
  messageLatenessP99Ns: { degraded: 5e6 },
  messageLatenessP50Ns: { degraded: 2e6 },
  messagesUnsentShare: { degraded: 0.01 },
  /** Difference of the planned and the actual duration, the larger of both. */
  driftNs: { degraded: 100e6 },
  driftShare: { degraded: 0.01 },
  /** Wasserstein distance of the gaps, the larger of both: ns, and share of the mean planned gap. */
  w1Ns: { degraded: 1e6 },
  w1Share: { degraded: 0.25 },
  /** Index of dispersion at 100 ms, sent against planned: relative difference, and where it is tiny, absolute. */
  dispersionShare: { degraded: 0.25 },
  dispersionAbsolute: { degraded: 0.25 },
  /** Resolution of the recorded times as a share of the mean planned gap. */
  resolutionShare: { degraded: 0.1 },
  eventLoopDelayP99Ns: { degraded: 20e6, invalid: 250e6 },
  eventLoopDelayMaxNs: { degraded: 250e6 },
  gcMaxNs: { degraded: 100e6 },
  gcShare: { degraded: 0.1 },
  stealShare: { degraded: 0.1, invalid: 0.5 },
  /** Share of the time in which some task on the machine waited for a CPU. */
  pressureShare: { degraded: 0.5 },
  /** Share of the time the process was stopped by its quota. */
  throttledShare: { degraded: 0.01, invalid: 0.25 },
  /** A jump of the wall clock against the monotonic one. */
  clockStepNs: { degraded: 100e6 },
} as const;
