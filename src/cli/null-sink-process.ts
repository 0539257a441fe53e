import { startNullSink } from '../null-sink/null-sink.ts';

// The process that calibrate starts as its target. Lives as long as its parent listens.

const sink = await startNullSink();
process.once('disconnect', () => process.exit(0));
process.on('SIGINT', () => {}); // Ctrl-C goes to the whole group; the parent ends us.
process.send?.({ httpPort: sink.httpPort, grpcPort: sink.grpcPort });
