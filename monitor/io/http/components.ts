/** The shapes that several answers share, by name, in JSON Schema. */

import { DEVICE_STATES, LAPSE_CAUSES } from '../../policy/device.ts';
import { CONFIGURATION } from './configuration-json.ts';
import type { Schema } from './fields.ts';
import { fixed, list, number, orNull, ref, text, time, whole } from './shapes.ts';

const state: Schema = { type: 'string', enum: DEVICE_STATES };
const lapseCause = orNull({ type: 'string', enum: LAPSE_CAUSES });
const vitals = fixed({
  battery_percent: orNull(number),
  signal_dbm: orNull(number),
  rtt_ms: orNull(number),
  reconnects: whole,
});
const counted = fixed({ day: whole, week: whole, month: whole });
const idleTimeout = { survives_seconds: orNull(number), forgets_seconds: orNull(number) };

export const GRACE = {
  grace_seconds: number,
  grace_reason: text,
  lateness_seconds: number,
  lateness_deviation_seconds: number,
  lateness_samples: whole,
};

const device = {
  device: text,
  state,
  state_since: time,
  last_heard: orNull(time),
  silent_seconds: orNull(number),
  next_due: orNull(time),
  dead_at: orNull(time),
  keepalive_interval: number,
  keepalive_count: whole,
  keepalive_timeout: number,
  lapse_cause: lapseCause,
  reason: text,
  vitals: orNull(vitals),
  groups: list(text),
  network: orNull(text),
  agent_version: text,
  configuration_version: orNull(whole),
  epoch: whole,
  counters: fixed({ probes: whole, reconnects: whole, lapses: whole }),
};

const sample = fixed({
  at: time,
  battery_percent: orNull(number),
  signal_dbm: orNull(number),
  rtt_ms: orNull(number),
  reconnects: whole,
});

const uptime = fixed({ ratio: orNull(number), up_seconds: whole, known_seconds: whole });

export const COMPONENTS: Readonly<Record<string, Schema>> = {
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: text, message: text, field: text, value: text, allowed: text },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
  Device: fixed(device),
  DeviceDetail: fixed({
    ...device,
    transitions: list(ref('Transition')),
    history: orNull(ref('DeviceHistory')),
    configuration: orNull(CONFIGURATION),
  }),
  DeviceHistory: fixed({
    availability: ref('Availability'),
    lapses: counted,
    deaths: counted,
    reconnects_per_day: orNull(number),
    hourly: list(sample),
    daily: list(sample),
  }),
  Availability: fixed({ day: uptime, week: uptime, month: uptime }),
  Transition: fixed({
    sequence: whole,
    from: orNull(state),
    to: state,
    cause: text,
    lapse_cause: lapseCause,
    at: time,
    last_heard: orNull(time),
    keepalive_interval: number,
    keepalive_count: whole,
  }),
  Alert: fixed({
    id: text,
    device: text,
    groups: list(text),
    network: orNull(text),
    opened_at: time,
    resolved_at: orNull(time),
    last_heard: orNull(time),
    keepalive_timeout: number,
    lapse_cause: lapseCause,
    incident: orNull(text),
    summary: text,
  }),
  /** Of some networks it is known how evenly their probes arrive, and nothing else. */
  Network: {
    type: 'object',
    properties: {
      network: text,
      devices: whole,
      weight: number,
      ...idleTimeout,
      spikes: list(fixed({ ...idleTimeout, weight: number })),
      reports: whole,
      newest_report: time,
      ...GRACE,
    },
    required: ['network', ...Object.keys(GRACE)],
    additionalProperties: false,
  },
};
