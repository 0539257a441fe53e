import { startNullSink } from './null-sink.ts';

// The process that calibrate starts as its target. Lives as long as its parent listens.

const sink = await startNullSink();
process.once('disconnect', () => process.exit(0));
// Ctrl-C goes to the whole group, and its parent ends this one; SIGUSR1 would open a debugger.
process.on('SIGINT', () => {}).on('SIGUSR1', () => {});
process.send?.({ httpPort: sink.httpPort, grpcPort: sink.grpcPort });
