import type { Preset } from './presets.ts';

/** Wired, mains powered, quick round trips: a late answer is bad news, and probes cost next to nothing. */
export const ethernet: Preset = {
  adaptive_mode: 'responsive',
  'verdict.initial': '5s',
  'verdict.floor': '1s',
  'verdict.ceiling': '15s',
};
