import type { Preset } from './presets.ts';

/** A sleeping radio delays answers by up to a few beacon intervals, roaming by seconds. */
export const wifi: Preset = {
  adaptive_mode: 'balanced',
  'verdict.initial': '10s',
  'verdict.floor': '2s',
  'verdict.ceiling': '20s',
};
