/**
 * The signals that the processes which capture starts do not mind. Ctrl-C and the end of a service reach the whole group,
 * and only the parent knows when the files are whole.
 */
export const LEFT_TO_THE_PARENT = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGALRM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGXCPU',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGXFSZ', // writing past a limit of size is an error of that write, told like one
] as const;
