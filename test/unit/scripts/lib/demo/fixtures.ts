/** Sightings for the tests, plain unless a test says otherwise. */
import type { DeviceHistory, Sight } from '../../../../../scripts/lib/demo/chronicle.ts';
import type { DeviceRow } from '../../../../../scripts/lib/demo/devices-api.ts';
import type { PathFacts } from '../../../../../scripts/lib/demo/idle-proxy.ts';

export const row = (change: Partial<DeviceRow> = {}): DeviceRow => ({
  device: 'pump',
  state: 'alive',
  stateSinceMs: 0,
  lastHeardMs: 10_000,
  nextDueMs: 12_000,
  intervalSeconds: 2,
  timeoutSeconds: 6,
  reason: 'nothing learned yet: 2 s',
  batteryPercent: 50,
  rttMs: 3,
  ...change,
});

export const path = (change: Partial<PathFacts> = {}): PathFacts => ({
  opened: 1,
  forgotten: 0,
  lastOpenedMs: 0,
  lastForgottenMs: null,
  lastFromDeviceMs: 0,
  vanishedBytes: 0,
  ...change,
});

export const sight = (change: Partial<Sight> = {}): Sight => ({
  device: 'pump',
  row: row(),
  path: path(),
  ...change,
});

export const history = (change: Partial<DeviceHistory> = {}): DeviceHistory => ({
  sight: sight(),
  longestIntervalSeconds: 2,
  explainedSeconds: 2,
  drops: 0,
  isBack: true,
  safeProbes: 0,
  ...change,
});
