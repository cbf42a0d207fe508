/** When many deaths are told as one incident. */
import type { SchemaOf } from './item.ts';

export interface IncidentsConfig {
  enabled: boolean;
  min_devices: number;
  share: number;
  fleet_min_devices: number;
  fleet_share: number;
  networks: number;
  window: number;
}

export const incidentsSchema: SchemaOf<IncidentsConfig> = {
  enabled: {
    doc: 'Many devices that fall silent together are told as one incident, not one by one.',
    format: 'switch',
    default: true,
    env: 'KHD_INCIDENTS_ENABLED',
  },
  min_devices: {
    doc: 'Of a network or group, at least so many must be silent.',
    format: 'whole_number',
    default: 5,
    min: 2,
    max: 1_000_000,
    env: 'KHD_INCIDENTS_MIN_DEVICES',
  },
  share: {
    doc: 'And at least this share of it, in percent.',
    format: 'whole_number',
    default: 50,
    min: 1,
    max: 100,
    env: 'KHD_INCIDENTS_SHARE',
  },
  fleet_min_devices: {
    doc: 'Of the whole fleet, at least so many must be silent.',
    format: 'whole_number',
    default: 20,
    min: 2,
    max: 1_000_000,
    env: 'KHD_INCIDENTS_FLEET_MIN_DEVICES',
  },
  fleet_share: {
    doc: 'And at least this share of it, in percent.',
    format: 'whole_number',
    default: 2,
    min: 1,
    max: 100,
    env: 'KHD_INCIDENTS_FLEET_SHARE',
  },
  networks: {
    doc: 'So many networks that fall together are one incident of the fleet.',
    format: 'whole_number',
    default: 3,
    min: 2,
    max: 1000,
    env: 'KHD_INCIDENTS_NETWORKS',
  },
  window: {
    doc: 'Deaths within it belong together; an incident that is nearly over is closed after it.',
    format: 'duration',
    default: '15m',
    min: 1,
    max: 86_400,
    env: 'KHD_INCIDENTS_WINDOW',
  },
};
