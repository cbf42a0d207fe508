/** The monitor's knowledge as the HTTP API words it: snake_case, ISO times. */
import type { IdleTimeoutRange } from '../../../protocol/network-knowledge.ts';
import type { GraceView } from '../../policy/arrival-jitter.ts';
import type { Availability, Uptime } from '../../policy/availability.ts';
import type { Transition } from '../../policy/device.ts';
import type { DevicePast } from '../../policy/device-past.ts';
import type { NetworkView } from '../../policy/network-table.ts';
import type { Sample } from '../../policy/time-series.ts';
import type { DeviceView } from '../../policy/watch.ts';
import { ratioOf } from '../history-reader.ts';
import { isoTime } from '../sinks/sink.ts';

export function deviceJson(view: DeviceView): Record<string, unknown> {
  const { vitals, counters } = view;
  return {
    device: view.device,
    state: view.state,
    state_since: isoTime(view.stateSinceMs),
    last_heard: isoTime(view.lastHeardMs),
    silent_seconds: view.silentSeconds,
    next_due: isoTime(view.nextDueMs),
    dead_at: isoTime(view.deadAtMs),
    keepalive_interval: view.promisedSeconds,
    keepalive_count: view.count,
    keepalive_timeout: view.promisedSeconds * view.count,
    lapse_cause: view.lapseCause,
    reason: view.reason,
    vitals: vitals && {
      battery_percent: vitals.batteryPercent,
      signal_dbm: vitals.signalDbm,
      rtt_ms: vitals.rttMs,
      reconnects: vitals.reconnects,
    },
    groups: view.groups,
    network: view.network,
    agent_version: view.agentVersion,
    configuration_version: view.configurationVersion,
    epoch: view.epoch,
    counters,
  };
}

export function transitionJson(transition: Transition): Record<string, unknown> {
  return {
    sequence: transition.sequence,
    from: transition.from,
    to: transition.to,
    cause: transition.cause,
    lapse_cause: transition.lapseCause ?? null,
    at: isoTime(transition.atMs),
    last_heard: isoTime(transition.lastHeardMs),
    keepalive_interval: transition.promisedSeconds,
    keepalive_count: transition.count,
  };
}

/** The grace of a network's probes, and where it comes from. */
export function graceJson(view: GraceView): Record<string, unknown> {
  return {
    grace_seconds: hundredths(view.graceMs / 1000),
    grace_reason: view.reason,
    lateness_seconds: hundredths(view.latenessMs / 1000),
    lateness_deviation_seconds: hundredths(view.deviationMs / 1000),
    lateness_samples: view.samples,
  };
}

export function networkJson({ knowledge, votes, newestMs }: NetworkView): Record<string, unknown> {
  const rangeJson = (range: IdleTimeoutRange): Record<string, unknown> => ({
    survives_seconds: range.survivesSeconds,
    forgets_seconds: range.forgetsSeconds,
  });
  return {
    network: knowledge.network,
    devices: knowledge.devices,
    weight: hundredths(knowledge.weight),
    ...rangeJson(knowledge.summary),
    spikes: knowledge.spikes.map((spike) => ({ ...rangeJson(spike), weight: hundredths(spike.weight) })),
    reports: votes,
    newest_report: isoTime(newestMs),
  };
}

/** Null where nothing is kept. */
export function availabilityJson(
  availability: Availability | null | undefined,
): Record<string, unknown> | null {
  if (availability === null || availability === undefined) return null;
  const { day, week, month } = availability;
  return { day: uptimeJson(day), week: uptimeJson(week), month: uptimeJson(month) };
}

function uptimeJson(uptime: Uptime): Record<string, unknown> {
  const ratio = ratioOf(uptime);
  return {
    ratio: ratio === null ? null : Math.round(ratio * 1e6) / 1e6,
    up_seconds: Math.round(uptime.upSeconds),
    known_seconds: Math.round(uptime.knownSeconds),
  };
}

/** What history adds to one device. */
export function pastJson({
  availability,
  lapses,
  deaths,
  reconnectsPerDay,
  samples,
}: DevicePast): Record<string, unknown> {
  return {
    availability: availabilityJson(availability),
    lapses,
    deaths,
    reconnects_per_day: reconnectsPerDay === null ? null : hundredths(reconnectsPerDay),
    hourly: samples.hours.map(sampleJson),
    daily: samples.days.map(sampleJson),
  };
}

function sampleJson({ atMs, batteryPercent, signalDbm, rttMs, reconnects }: Sample): Record<string, unknown> {
  return {
    at: isoTime(atMs),
    battery_percent: batteryPercent,
    signal_dbm: signalDbm,
    rtt_ms: rttMs,
    reconnects,
  };
}

function hundredths(weight: number): number {
  return Math.round(weight * 100) / 100;
}
