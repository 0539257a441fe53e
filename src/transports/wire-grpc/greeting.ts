import {
  CONNECTION_PREFACE,
  FRAME,
  frameOf,
  INITIAL_WINDOW_BYTES,
  SETTING,
  uint32,
} from '../../wire/http2/frames.ts';

/**
 * Makes what a connection begins with: the preface, our SETTINGS, and a window as large for the connection as for a
 * stream.
 */
export function greeting(receiveWindowBytes: number): Buffer {
  const settings: [id: number, value: number][] = [
    // Equal answers are then equal bytes.
    [SETTING.headerTableSize, 0],
    [SETTING.enablePush, 0],
    [SETTING.initialWindowSize, receiveWindowBytes],
  ];
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  });
  const frames = [CONNECTION_PREFACE, frameOf(FRAME.settings, 0, 0, payload)];
  const more = receiveWindowBytes - INITIAL_WINDOW_BYTES;
  if (more > 0) frames.push(frameOf(FRAME.windowUpdate, 0, 0, uint32(more)));
  return Buffer.concat(frames);
}

/** Makes the GOAWAY frame that a connection ends with. */
export function farewell(errorCode: number): Buffer {
  return frameOf(FRAME.goAway, 0, 0, Buffer.concat([uint32(0), uint32(errorCode)]));
}
