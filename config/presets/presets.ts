/** Presets: starting points per kind of network. What a device learns soon weighs more. */
import { cellular } from './cellular.ts';
import { ethernet } from './ethernet.ts';
import { nbIot } from './nb-iot.ts';
import { wifi } from './wifi.ts';

export type PresetName = 'ethernet' | 'wifi' | 'cellular' | 'nb-iot';

/** Keys as in the configuration file, dotted. */
export type Preset = Readonly<Record<string, string | number | boolean>>;

export const PRESETS: Readonly<Record<PresetName, Preset>> = { ethernet, wifi, cellular, 'nb-iot': nbIot };
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
