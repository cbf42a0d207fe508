/** Shared builders of the policy's tests. */
import type { DeviceRecord } from '../../../../monitor/policy/device.ts';
import type { Now, Step } from '../../../../monitor/policy/watch.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import type { Probe, Vitals } from '../../../../protocol/probe.ts';
import type { Status } from '../../../../protocol/status.ts';

export const EPOCH_MS = Date.UTC(2030, 0, 1);
export const SETTINGS = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 2,
  stallSeconds: 5,
  reconnectSeconds: 0,
  canary: null,
};

/** Seconds since the start, on both clocks (which do not share an origin), to the millisecond. */
export function at(seconds: number): Now {
  return { monotonicMs: 1_000_000 + Math.round(seconds * 1000), wallMs: wall(seconds) };
}

export const wall = (seconds: number): number => EPOCH_MS + Math.round(seconds * 1000);

export function probe(promisedSeconds = 30, vitals: Vitals | null = null): Probe {
  return { promisedSeconds, repeat: false, externalPower: false, vitals };
}

export function status(overrides: Partial<Status> = {}): Status {
  return {
    state: 'online',
    epoch: 5,
    intervalSeconds: 30,
    count: 3,
    reason: 'configured',
    agentVersion: '0.1.0',
    network: 'home',
    groups: ['roof'],
    configurationVersion: null,
    counters: { probes: 0, reconnects: 0, lapses: 0 },
    ...overrides,
  };
}

export function record(overrides: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    device: 'a',
    state: 'alive',
    stateSinceMs: wall(-100),
    sequence: 7,
    epoch: 5,
    promisedSeconds: 30,
    count: 3,
    lastHeardMs: wall(-10),
    reason: 'configured',
    agentVersion: '0.1.0',
    network: 'home',
    groups: ['roof'],
    configurationVersion: null,
    counters: { probes: 0, reconnects: 0, lapses: 0 },
    vitals: null,
    ...overrides,
  };
}

/** A watch whose link has been up since second 0. */
export function listening(devices: Iterable<DeviceRecord> = []): Watch {
  const watch = new Watch(SETTINGS, devices, [], at(0));
  watch.trust('link-lost', at(0));
  return watch;
}

/** Advances as the shell does, at each `wakeAtMs`, up to `untilSeconds`; returns the steps that held something. */
export function run(
  watch: Watch,
  fromSeconds: number,
  untilSeconds: number,
): { seconds: number; step: Step }[] {
  const steps: { seconds: number; step: Step }[] = [];
  let seconds = fromSeconds;
  for (;;) {
    const wakeMs = watch.wakeAtMs(at(seconds));
    if (wakeMs === null || wakeMs > at(untilSeconds).monotonicMs) return steps;
    seconds = Math.max(seconds, (wakeMs - at(0).monotonicMs) / 1000);
    const step = watch.advance(at(seconds));
    if (step.saves.length + step.incidents.length > 0) steps.push({ seconds, step });
  }
}

/** `device from>to cause` of every transition, in order. */
export function told(...steps: readonly Step[]): string[] {
  return steps.flatMap(({ transitions }) =>
    transitions.map(({ device, from, to, cause }) => `${device} ${from ?? 'new'}>${to} ${cause}`),
  );
}
