/** Probes: due, sent, answered, repeated, or given up. */
import type { Probe, Vitals } from '../../../protocol/probe.ts';
import { explainInterval, intervalStep } from '../interval.ts';
import { type ProbeReason, promiseMs, scheduleStep } from '../probe-schedule.ts';
import { RADIO_TAIL_MS } from '../round-trip.ts';
import { type VerdictEvent, type VerdictStep, verdictStep } from '../verdict.ts';
import { type Power, worthTelling } from '../vitals.ts';
import { dropBeside, openBeside, provesDeath } from './beside.ts';
import { longestPromiseMs, wholeSeconds } from './bounds.ts';
import { adoptInterval, reportNetwork, saveBeliefSometimes } from './learning.ts';
import { onLinkDead, verdictConfig } from './link.ts';
import { forgetRival } from './rival.ts';
import { isStatusStale, publishStatus } from './status.ts';
import { type Draft, type PathState, patch, type SentProbe, say, type WantedProbe } from './types.ts';

/** Time passed on a link that is up: an overdue answer first, then a due probe. */
export function onProbeTime(draft: Draft): void {
  const step = verdict(draft, { kind: 'timePassed' });
  if (step.verdict === 'dead') {
    const { count } = draft.config.keepalive;
    onLinkDead(draft, step.reason === 'count-exhausted' ? `${count} probes unanswered` : 'keepalive_timeout');
    return;
  }
  if (step.verdict === 'repeat') {
    want(draft, 'answer-overdue');
    return;
  }
  const { probe } = scheduleStep(draft.state.schedule, { kind: 'timePassed' }, draft.now);
  if (probe !== null) want(draft, probe);
}

/** Application packets flowed: when a probe would be due soon anyway, it goes now, while the radio is awake. */
export function onApplicationTraffic(draft: Draft): void {
  const { state, probe } = scheduleStep(draft.state.schedule, { kind: 'applicationTraffic' }, draft.now);
  patch(draft, { schedule: state });
  if (probe !== null) want(draft, probe);
}

/** The monitor asks for a sign of life; at most one an interval, lest a stranger drain the battery. */
export function onAsked(draft: Draft): void {
  const { lastAskedAt } = draft.state;
  const { minIntervalSeconds } = draft.config.keepalive;
  if (lastAskedAt !== null && draft.now - lastAskedAt < minIntervalSeconds * 1000) return;
  patch(draft, { lastAskedAt: draft.now });
  const { probe } = scheduleStep(draft.state.schedule, { kind: 'asked' }, draft.now);
  if (probe !== null) want(draft, probe);
}

/** Asks for what a probe tells; it goes out with the answer. */
export function want(draft: Draft, reason: WantedProbe): void {
  if (draft.state.wanted !== null) return;
  patch(draft, { wanted: reason });
  draft.effects.push({ kind: 'readVitals', path: reason === 'answer-overdue' });
}

/** The vitals are read: the probe that waited for them goes out with a promise. */
export function onVitalsRead(
  draft: Draft,
  power: Power,
  signalDbm: number | null,
  path: PathState | null,
): void {
  const { wanted, schedule } = draft.state;
  const read = intervalStep(draft.state.interval, { kind: 'powerRead', power, signalDbm }, draft.config);
  const dueAt = wanted === 'interval-lapsed' ? schedule.dueAt : null;
  const timer = dueAt === null ? null : ({ kind: 'timerFired', lateMs: draft.now - dueAt } as const);
  const interval = timer === null ? read : intervalStep(read, timer, draft.config);
  const changed = interval.intervalMs !== draft.state.interval.intervalMs;
  patch(draft, { wanted: null, power, interval });
  // Before the probe, which promises it.
  if (changed) adoptChange(draft);
  if (wanted === null || draft.state.reconnect.phase !== 'up') return;
  if (wanted === 'answer-overdue') openBeside(draft, path);
  send(draft, wanted, signalDbm);
}

function send(draft: Draft, reason: WantedProbe, signalDbm: number | null): void {
  const { now, state, config } = draft;
  const scheduleConfig = {
    idleThresholdMs: config.keepalive.idleThresholdSeconds * 1000,
    longestPromiseMs: longestPromiseMs(config, state.interval.learner.policy),
  };
  const dueInMs = promiseMs(state.schedule, scheduled(reason), scheduleConfig);
  const promisedSeconds = wholeSeconds(dueInMs);
  const silenceMs = now - state.lastPacketAt;
  const radio = silenceMs > RADIO_TAIL_MS ? 'cold' : 'warm';
  const vitals: Vitals = {
    batteryPercent: state.power.batteryPercent,
    signalDbm,
    rttMs: state.lastRttMs,
    reconnects: state.counters.reconnects,
  };
  const tell = worthTelling(state.toldVitals, vitals);
  const repeat = state.verdict.unanswered !== null;
  const probe: Probe = {
    promisedSeconds,
    repeat,
    externalPower: state.power.external,
    vitals: tell ? vitals : null,
  };
  const id = state.nextProbeId;
  const sent: SentProbe = { id, sentAt: now, silenceMs, radio };
  patch(draft, {
    nextProbeId: id + 1,
    inFlight: [...state.inFlight, sent],
    lastPacketAt: now,
    promisedMs: promisedSeconds * 1000,
    toldVitals: tell ? vitals : state.toldVitals,
    counters: { ...state.counters, probes: state.counters.probes + 1 },
    schedule: scheduleStep(state.schedule, { kind: 'promiseMade', promisedMs: dueInMs }, now).state,
  });
  verdict(draft, { kind: 'probeSent', radio });
  draft.effects.push({ kind: 'publishProbe', id, probe });
  say(draft, 'debug', 'probeSent', 'probe sent', { id, reason, promisedSeconds, radio, repeat });
}

/** Those that the schedule knows nothing of promise what a regular one does. */
function scheduled(reason: WantedProbe): ProbeReason {
  return reason === 'rides-along' || reason === 'asked' ? reason : 'interval-lapsed';
}

/** The second connection can carry. Its CONNECT goes out when the link is given up. */
export function onBesideUp(draft: Draft, tcpMs: number): void {
  if (provesDeath(draft, tcpMs)) onLinkDead(draft, 'a connection beside it came up while it stayed silent');
}

/** An answer: the path works both ways, and the interval may learn from the silence that came before. */
export function onProbeAcked(draft: Draft, id: number): void {
  const sent = draft.state.inFlight.find((probe) => probe.id === id);
  if (sent === undefined) return;
  dropBeside(draft, 'the connection answers again');
  const { now, state, config } = draft;
  const rttMs = now - sent.sentAt;
  const repeats = state.verdict.unanswered?.sent ?? 1;
  // The silence that was tried is the one before the first of the repeats.
  const silenceMs = state.inFlight[0]?.silenceMs ?? sent.silenceMs;
  verdict(draft, { kind: 'probeAcked', radio: sent.radio, rttMs });
  const acked = { kind: 'probeAcked', silenceMs, rttMs, sent: repeats } as const;
  const interval = intervalStep(state.interval, acked, config);
  patch(draft, { interval, lastRttMs: rttMs, inFlight: [] });
  forgetRival(draft);
  saveBeliefSometimes(draft);
  reportNetwork(draft);
  say(draft, 'debug', 'probeAcked', 'probe answered', {
    id,
    rttMs: Math.round(rttMs * 10) / 10,
    silenceMs: Math.round(silenceMs),
    sent: repeats,
  });
  // The radio is awake now; what has changed is told while it costs least.
  const stale = isStatusStale(draft);
  if (stale) publishStatus(draft, 'online');
  const changed = interval.intervalMs !== state.interval.intervalMs;
  // Unchanged and untold, it leaves a promise that traffic has stretched as it is.
  if (changed) adoptChange(draft);
  else if (stale) adoptInterval(draft);
}

function adoptChange(draft: Draft): void {
  adoptInterval(draft);
  const { interval } = draft.state;
  say(draft, 'debug', 'intervalChosen', explainInterval(interval), {
    intervalSeconds: interval.intervalMs / 1000,
    reason: interval.reason,
  });
}

export function onProbeRefused(draft: Draft, id: number, detail: string): void {
  say(draft, 'error', 'probeRefused', `the broker refuses this device's probes: ${detail}`, { id });
  onProbeAcked(draft, id);
}

/** Any packet proves that the path brings packets to us. */
export function onPacketReceived(draft: Draft): void {
  patch(draft, { lastPacketAt: draft.now });
  dropBeside(draft, 'the connection answers again');
  verdict(draft, { kind: 'packetReceived' });
}

function verdict(draft: Draft, event: VerdictEvent): VerdictStep {
  const step = verdictStep(draft.state.verdict, event, draft.now, verdictConfig(draft));
  patch(draft, { verdict: step.state });
  return step;
}
