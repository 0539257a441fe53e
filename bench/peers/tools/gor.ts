import type { Tool } from '../tool.ts';

/** So many per cent of the recorded speed is as fast as it goes. */
const ASAP_PERCENT = 1_000_000;

/** Its reader stops for 100 ms whenever so many records wait: with its own 100 it would send some 1,000 a second. */
const READ_DEPTH = '10000';

/** GoReplay: Go; the only other that replays a recording with its times. */
export const gor: Tool = {
  name: 'GoReplay',
  program: 'gor',
  versionArgs: ['version'],
  sends: 'the recording, with its times',
  command: ({ kind, port, pace, plan, connections }) => {
    if (kind === 'grpc') return undefined;
    const file = pace.kind === 'rate' ? plan.gor : `${plan.gor}|${ASAP_PERCENT}%`;
    const workers = ['--output-http-workers', `${connections}`];
    const input = ['--input-file', file, '--input-file-read-depth', READ_DEPTH];
    return ['gor', ...input, '--output-http', `http://127.0.0.1:${port}`, ...workers];
  },
  read: () => undefined,
  isEndless: true,
};
