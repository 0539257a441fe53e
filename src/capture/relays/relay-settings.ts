import type { CaptureSettings } from '../capture-options.ts';
import { relayShareBytes } from './relay-count.ts';

/** The settings of a relay, as far as they are the same for all and can be sent: the dialect by its name. */
export interface RelaySettings
  extends Omit<CaptureSettings, 'clock' | 'dialect' | 'onWarning' | 'relays' | 'runId' | 'sessionPrefix'> {
  readonly dialect: string;
}

/** Makes the settings of each of `relays` relays, which have an even share of the memory. */
export function relaySettings(settings: CaptureSettings, relays: number): RelaySettings {
  const { clock: _0, onWarning: _1, relays: _2, runId: _3, sessionPrefix: _4, ...same } = settings;
  return {
    ...same,
    bufferBytes: relayShareBytes(settings.bufferBytes, relays),
    dialect: settings.dialect.name,
  };
}
