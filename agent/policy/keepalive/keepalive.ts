/**
 * The agent's whole mind: one pure step over everything that can happen. The service and the simulators run
 * this same function; only what carries out its effects differs.
 */
import { initialInterval } from '../interval.ts';
import { initialSchedule } from '../probe-schedule.ts';
import { initialVersion } from '../protocol-version.ts';
import { INITIAL_RECONNECT } from '../reconnect.ts';
import { INITIAL_VERDICT } from '../verdict.ts';
import { UNKNOWN_POWER } from '../vitals.ts';
import { dropBeside, onBesideFailed } from './beside.ts';
import { FIRST_SESSIONS } from './bounds.ts';
import { onConfigured, onProbeWanted } from './configured.ts';
import { NOTHING_REPORTED, onFleetKnowledge, saveBelief } from './learning.ts';
import { onConnectFailed, onLinkClosed, onLinkUp, onNetworkIdentified, onStatusSettled } from './link.ts';
import {
  onApplicationTraffic,
  onAsked,
  onBesideUp,
  onPacketReceived,
  onProbeAcked,
  onProbeRefused,
  onProbeTime,
  onVitalsRead,
} from './probing.ts';
import { onRetryTime, onStarted } from './reconnecting.ts';
import { NO_RIVAL, onOwnStatusHeard } from './rival.ts';
import { publishStatus } from './status.ts';
import { onAddressesChanged, onResumed } from './surroundings.ts';
import {
  type Draft,
  type KeepaliveConfig,
  type KeepaliveEvent,
  type KeepaliveState,
  type KeepaliveStep,
  patch,
  say,
} from './types.ts';

/** Leaving properly has two parts, each with this much time: the last status, then DISCONNECT. */
const LEAVE_MS = 800;

/**
 * A mind before its first event. `starts`: how often this agent was started, persisted. `random`, [0, 1): tells two
 * devices of one name apart that started in the same second.
 */
export function initialKeepalive(config: KeepaliveConfig, starts: number, random = 0): KeepaliveState {
  const interval = initialInterval(config);
  const firstSession = Math.floor(random * FIRST_SESSIONS);
  return {
    phase: 'running',
    starts,
    firstSession,
    sessions: firstSession,
    version: initialVersion(config.protocol),
    reconnect: INITIAL_RECONNECT,
    lastFailure: null,
    verdict: INITIAL_VERDICT,
    schedule: initialSchedule(interval.intervalMs),
    interval,
    lastPacketAt: 0,
    linkEnd: null,
    inFlight: [],
    nextProbeId: 1,
    wanted: null,
    beside: null,
    power: UNKNOWN_POWER,
    lastRttMs: null,
    connecting: { startedAt: null, tookMs: 0 },
    toldVitals: null,
    told: null,
    promisedMs: interval.intervalMs,
    lastAskedAt: null,
    reported: NOTHING_REPORTED,
    saved: { belief: null, at: 0 },
    counters: { probes: 0, reconnects: 0, lapses: 0 },
    rival: NO_RIVAL,
    stopAt: null,
  };
}

/** One step; `now` in ms on a clock that counts suspend; `random` gives [0, 1). */
export function keepaliveStep(
  state: KeepaliveState,
  event: KeepaliveEvent,
  now: number,
  config: KeepaliveConfig,
  random: () => number,
): KeepaliveStep {
  const draft: Draft = { state, effects: [], now, config, random };
  if (state.phase === 'running') whileRunning(draft, event);
  else if (state.phase !== 'stopped') whileLeaving(draft, event);
  return { state: draft.state, effects: draft.effects, wakeAt: wakeAt(draft.state) };
}

function whileRunning(draft: Draft, event: KeepaliveEvent): void {
  if (draft.state.reconnect.phase === 'up') onTraffic(draft, event);
  switch (event.kind) {
    case 'started':
      onStarted(draft);
      break;
    case 'linkUp':
      onLinkUp(draft, event.serverKeepAliveSeconds, event.tlsResumed);
      break;
    case 'connectFailed':
      onConnectFailed(draft, event.failure);
      break;
    case 'linkClosed':
      onLinkClosed(draft, event.cause, event.detail);
      break;
    case 'networkIdentified':
      onNetworkIdentified(draft, event.network, event.belief, event.link ?? null);
      break;
    case 'fleetKnowledgeTold':
      onFleetKnowledge(draft, event.key, event.summary);
      break;
    case 'vitalsRead':
      onVitalsRead(draft, event.power, event.signalDbm, event.path ?? null);
      break;
    case 'timePassed':
      if (draft.state.reconnect.phase !== 'up') onRetryTime(draft);
      break;
    case 'addressesChanged':
      onAddressesChanged(draft, event);
      break;
    case 'resumed':
      onResumed(draft, event.asleepMs);
      break;
    case 'configured':
      onConfigured(draft, event.link);
      break;
    case 'stopRequested':
      startLeaving(draft);
      break;
  }
}

/** What matters only while the link is up. */
function onTraffic(draft: Draft, event: KeepaliveEvent): void {
  switch (event.kind) {
    case 'timePassed':
      onProbeTime(draft);
      break;
    case 'probeAcked':
      onProbeAcked(draft, event.id);
      break;
    case 'probeRefused':
      onProbeRefused(draft, event.id, event.detail);
      break;
    case 'packetReceived':
      onPacketReceived(draft);
      break;
    case 'applicationTraffic':
      onApplicationTraffic(draft);
      break;
    case 'asked':
      onAsked(draft);
      break;
    case 'probeWanted':
      onProbeWanted(draft);
      break;
    case 'statusSettled':
      onStatusSettled(draft);
      break;
    case 'ownStatusHeard':
      onOwnStatusHeard(draft, event.epoch);
      break;
    case 'besideUp':
      onBesideUp(draft, event.tcpMs);
      break;
    case 'besideFailed':
      onBesideFailed(draft, event.detail);
      break;
  }
}

/** A device that says goodbye is `left`, not dead: nobody is alerted. */
function startLeaving(draft: Draft): void {
  if (draft.state.reconnect.phase !== 'up') {
    finish(draft);
    return;
  }
  dropBeside(draft, 'stopping');
  publishStatus(draft, 'leaving');
  patch(draft, { phase: 'leaving', stopAt: draft.now + LEAVE_MS });
  say(draft, 'info', 'leaving', 'stopping: saying goodbye');
}

function whileLeaving(draft: Draft, event: KeepaliveEvent): void {
  const { phase, stopAt } = draft.state;
  if (event.kind === 'linkClosed') {
    finish(draft);
  } else if (event.kind === 'statusSettled' && phase === 'leaving') {
    draft.effects.push({ kind: 'closeLink', how: 'leave' });
    patch(draft, { phase: 'closing', stopAt: draft.now + LEAVE_MS });
  } else if (event.kind === 'timePassed' && stopAt !== null && draft.now >= stopAt) {
    finish(draft);
  }
}

function finish(draft: Draft): void {
  saveBelief(draft);
  draft.effects.push({ kind: 'closeLink', how: 'abandon' }, { kind: 'finished' });
  patch(draft, { phase: 'stopped', stopAt: null });
  say(draft, 'info', 'stopped', 'stopped');
}

/** The earliest moment at which any part wants to be woken. */
function wakeAt(state: KeepaliveState): number | null {
  if (state.phase === 'stopped') return null;
  if (state.phase !== 'running') return state.stopAt;
  const wishes = [state.schedule.dueAt, state.verdict.unanswered?.deadlineAt, state.reconnect.retryAt];
  const times = wishes.filter((time): time is number => time !== null && time !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}
