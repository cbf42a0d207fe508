import type { Preset } from './presets.ts';

/** NB-IoT: round trips of seconds, of half a minute in deep coverage; every wake-up costs battery. */
export const nbIot: Preset = {
  adaptive_mode: 'low_power',
  keepalive_interval: '5m',
  min_interval: '2m',
  max_interval: '1h',
  max_detection: '4h',
  idle_threshold: '5m',
  will_delay: '60s',
  'broker.connect_timeout': '90s',
  'verdict.initial': '60s',
  'verdict.floor': '10s',
  'verdict.ceiling': '60s',
  'reconnect.min_delay': '10s',
  'reconnect.max_delay': '30m',
  'reconnect.stable_after': '5m',
};
