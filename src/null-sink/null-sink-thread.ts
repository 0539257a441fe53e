import { parentPort } from 'node:worker_threads';
import { variedAnswers } from './answers.ts';
import { startNullSink } from './null-sink.ts';

// The thread that a rehearsal plays against. Lives until it is terminated.

const { httpPort, grpcPort } = await startNullSink(variedAnswers());
parentPort?.postMessage({ httpPort, grpcPort });
