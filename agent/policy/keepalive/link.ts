/** The link's life: connect, up, lost, why, and again. */
import { type ConnectFailure, failureText } from '../../../runtime/connect-failure.ts';
import type { CloseCause } from '../../../runtime/mqtt-session.ts';
import type { IdleTimeoutBelief } from '../idle-timeout-belief.ts';
import { explainInterval, intervalStep, type Network } from '../interval.ts';
import { type FirstConnect, type LapseCause, type LinkEnd, lapseCause } from '../lapse-cause.ts';
import type { SavedLink } from '../link-saved.ts';
import { scheduleStep } from '../probe-schedule.ts';
import { versionAccepted, versionAfterFailure } from '../protocol-version.ts';
import { type VerdictConfig, verdictStep } from '../verdict.ts';
import { dropBeside } from './beside.ts';
import { epochOf, isPowerOfTwo } from './bounds.ts';
import { adoptInterval, NOTHING_REPORTED, saveBelief } from './learning.ts';
import { follow, reconnect } from './reconnecting.ts';
import { asksAbout, meaningOf, questionAnswered } from './rival.ts';
import { isStatusStale, publishStatus } from './status.ts';
import { type Draft, type KeepaliveState, patch, say } from './types.ts';

export function onLinkUp(draft: Draft, serverKeepAliveSeconds: number | null, tlsResumed: boolean): void {
  const { config, now } = draft;
  const { startedAt } = draft.state.connecting;
  if (startedAt !== null) patch(draft, { connecting: { startedAt: null, tookMs: now - startedAt } });
  reconnect(draft, { kind: 'linkUp' });
  patch(draft, { rival: { ...draft.state.rival, lessonWaits: false } });
  // A status was told before, so this is not the first session.
  if (draft.state.told !== null) {
    const { counters } = draft.state;
    patch(draft, { counters: { ...counters, reconnects: counters.reconnects + 1 } });
  }
  const version = versionAccepted(draft.state.version);
  patch(draft, { version, lastPacketAt: now, toldVitals: null, lastFailure: null });
  const told = { kind: 'serverKeepAliveTold', seconds: serverKeepAliveSeconds } as const;
  patch(draft, { interval: intervalStep(draft.state.interval, told, config) });
  const promisedMs = draft.state.interval.intervalMs;
  adoptInterval(draft);
  const { state } = scheduleStep(draft.state.schedule, { kind: 'promiseMade', promisedMs }, now);
  patch(draft, { schedule: state, promisedMs });
  publishStatus(draft, 'online');
  say(draft, 'info', 'linkUp', 'connected', {
    epoch: epochOf(draft.state),
    protocol: draft.state.version.version,
    tlsResumed,
    intervalSeconds: draft.state.interval.intervalMs / 1000,
    why: explainInterval(draft.state.interval),
    serverKeepAliveSeconds,
  });
}

export function onConnectFailed(draft: Draft, failure: ConnectFailure): void {
  explainEnd(draft, { up: false, failure });
  const choice = versionAfterFailure(draft.state.version, draft.config.protocol, failure);
  patch(draft, { version: choice.state, lastFailure: choice.changed ? null : failure });
  const step = reconnect(draft, { kind: 'connectFailed', atOnce: choice.changed });
  const { failures } = draft.state.reconnect;
  // Said at the first failure and then ever more rarely: a day without a network must not fill a log, nor look hung.
  const level = !choice.changed && isPowerOfTwo(failures) ? 'warn' : 'debug';
  say(draft, level, 'connectFailed', `could not connect: ${failureText(failure)}`, {
    failure: failure.kind,
    ...(failure.key !== undefined && { key: failure.key }),
    failures,
    retryInMs: Math.round(step.delayMs),
    ...(choice.changed && { protocolNext: choice.state.version }),
  });
  follow(draft, step);
}

/** Nobody answered: the socket is given up, and a fresh connection tells whether the path had forgotten us. */
export function onLinkDead(draft: Draft, why: string): void {
  const silenceMs = draft.state.inFlight[0]?.silenceMs ?? 0;
  draft.effects.push({ kind: 'closeLink', how: 'abandon' });
  endLink(draft, { how: 'unanswered', silenceMs, probing: true }, why, true);
}

export function onLinkClosed(draft: Draft, cause: CloseCause, detail: string): void {
  if (draft.state.reconnect.phase !== 'up') return;
  const { inFlight, lastPacketAt } = draft.state;
  const silenceMs = inFlight[0]?.silenceMs ?? draft.now - lastPacketAt;
  // A broker that closed has closed on many devices at once: those wait a random while before they return.
  const probing = inFlight.length > 0;
  const how = meaningOf(draft, cause);
  endLink(draft, { how, silenceMs, probing }, detail, probing && how === 'reset');
}

export function endLink(draft: Draft, linkEnd: LinkEnd, detail: string, atOnce: boolean): void {
  const { state, now } = draft;
  const lapses = state.counters.lapses + 1;
  patch(draft, {
    linkEnd,
    inFlight: [],
    wanted: null,
    schedule: scheduleStep(state.schedule, { kind: 'linkEnded' }, now).state,
    verdict: verdictStep(state.verdict, { kind: 'linkEnded' }, now, verdictConfig(draft)).state,
    counters: { ...state.counters, lapses },
  });
  const contested = linkEnd.how === 'taken-over';
  const step = reconnect(draft, { kind: 'linkLost', atOnce, contested });
  say(draft, 'warn', 'linkLost', `connection lost: ${detail}`, {
    how: linkEnd.how,
    silenceMs: Math.round(linkEnd.silenceMs),
    retryInMs: Math.round(step.delayMs),
  });
  if (!step.connect) dropBeside(draft, 'the connection has ended');
  follow(draft, step);
}

/**
 * The network of a connection is known. Where that is another one than before, the end of the last connection
 * teaches nothing: the move explains it.
 */
export function onNetworkIdentified(
  draft: Draft,
  network: Network,
  belief: IdleTimeoutBelief | null,
  link: SavedLink | null,
): void {
  if (draft.state.reconnect.phase !== 'up') return;
  const { interval, linkEnd } = draft.state;
  if (network.key === interval.network.key) {
    if (asksAbout(draft.state)) patch(draft, { rival: { ...draft.state.rival, lessonWaits: true } });
    else learnFromEnd(draft);
    return;
  }
  saveBelief(draft);
  const joined = { kind: 'networkJoined', network, belief, link } as const;
  patch(draft, {
    linkEnd: null,
    interval: intervalStep(interval, joined, draft.config),
    saved: { belief, at: draft.now },
    reported: NOTHING_REPORTED,
  });
  settleInterval(draft);
  say(
    draft,
    'info',
    'networkJoined',
    belief === null ? 'a network not known yet' : 'a network known from before',
    {
      network: network.key,
      radio: network.radio,
      moved: linkEnd !== null,
      intervalSeconds: draft.state.interval.intervalMs / 1000,
      why: explainInterval(draft.state.interval),
    },
  );
}

/** The broker has our status: it has said before what it kept until then. */
export function onStatusSettled(draft: Draft): void {
  const { lessonWaits } = draft.state.rival;
  questionAnswered(draft);
  if (lessonWaits) learnFromEnd(draft);
}

function learnFromEnd(draft: Draft): void {
  explainEnd(draft, { up: true });
  settleInterval(draft);
}

/** The schedule and the retained status follow what was just learned; the radio is awake, and a drop is news. */
export function settleInterval(draft: Draft): void {
  adoptInterval(draft);
  const { told, interval } = draft.state;
  if (told?.intervalMs !== interval.intervalMs || isStatusStale(draft)) publishStatus(draft, 'online');
}

/** The first connect after an end tells its cause, and the interval learns from it. */
function explainEnd(draft: Draft, next: FirstConnect): void {
  const { linkEnd } = draft.state;
  if (linkEnd === null) return;
  const before = draft.state.interval;
  const cause: LapseCause = lapseCause(linkEnd, next);
  const lost = {
    kind: 'linkLost',
    cause,
    silenceMs: linkEnd.silenceMs,
    // DISCONNECT is the broker's own word: no box on the path can say it.
    closedWhileIdle: !linkEnd.probing && (linkEnd.how === 'peer-closed' || linkEnd.how === 'reset'),
    closedOnProbe: linkEnd.probing && linkEnd.how === 'peer-closed',
  } as const;
  const interval = intervalStep(draft.state.interval, lost, draft.config);
  patch(draft, { linkEnd: null, interval });
  // A drop is what learning costs: it is not to be paid twice because of a power cut. One that changes nothing is
  // not worth flash: behind a path shorter than `min_interval` there are hundreds a day.
  if (interval.intervalMs !== before.intervalMs) saveBelief(draft);
  say(draft, 'info', 'lapseExplained', `the connection was lost because of: ${cause}`, {
    cause,
    silenceMs: Math.round(linkEnd.silenceMs),
    intervalSeconds: interval.intervalMs / 1000,
    why: explainInterval(interval),
  });
}

/**
 * The verdict's bounds now. The monitor last heard of us one promise before the probe that goes unanswered, so
 * the remaining promises are all the time there is to find the link dead and come back in.
 */
export function verdictConfig({ config, state }: Draft): VerdictConfig {
  const { verdict, keepalive } = config;
  const remainingSeconds = (state.promisedMs / 1000) * Math.max(1, keepalive.count - 1);
  // Coming back in takes ten seconds and more on NB-IoT: less to wait for an answer, but never half of it.
  const backSeconds = Math.min(comingBackMs(state) / 1000, remainingSeconds / 2);
  const timeoutSeconds = Math.min(keepalive.timeoutSeconds, remainingSeconds - backSeconds);
  return { ...verdict, count: keepalive.count, timeoutSeconds };
}

/** From giving a link up to the status that the monitor hears: a connect as long as the last one, and a round trip. */
function comingBackMs({ connecting, lastRttMs }: KeepaliveState): number {
  return connecting.tookMs + (lastRttMs ?? 0);
}
