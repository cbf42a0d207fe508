import type { Preset } from './presets.ts';

/** LTE: each probe wakes the radio for ten seconds and more, and carriers forget connections after minutes. */
export const cellular: Preset = {
  keepalive_interval: '60s',
  min_interval: '30s',
  max_interval: '28m',
  max_detection: '90m',
  idle_threshold: '2m',
  will_delay: '30s',
  'reconnect.min_delay': '2s',
  'reconnect.max_delay': '10m',
};
