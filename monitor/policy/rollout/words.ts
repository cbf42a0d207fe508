/** Rollouts in words and in JSON. Pure. */
import { formatTarget } from '../../../protocol/configuration.ts';
import type { Rollout, Wave } from './rollout.ts';
import type { RolloutNews } from './rollout-draft.ts';

const named = ({ id, order }: Rollout): string => `${id} (${formatTarget(order.target)} v${order.version})`;

const waveOf = (rollout: Rollout): string => {
  const { size, frozen, tally } = rollout.current;
  return `wave ${rollout.wave + 1} of ${rollout.waves.length} (${size.text}, devices: ${(frozen ?? tally.counts).devices})`;
};

export const NEWS_WORDS: Readonly<Record<RolloutNews['what'], (rollout: Rollout) => string>> = {
  started: (rollout) => `${named(rollout)} begins with ${waveOf(rollout)}`,
  waveReleased: (rollout) => `${named(rollout)}: ${waveOf(rollout)} has the document`,
  wavePassed: (rollout) => `${named(rollout)}: ${waveOf(rollout)} went well`,
  halted: (rollout) => `${named(rollout)} halts in ${waveOf(rollout)}: ${rollout.reason?.text ?? ''}`,
  resumed: (rollout) => `${named(rollout)} goes on with ${waveOf(rollout)}`,
  completed: (rollout) => `${named(rollout)} is complete`,
  superseded: (rollout) => `${named(rollout)} ends: ${rollout.reason?.text ?? ''}`,
};

/** Its name in the log. */
export const NEWS_EVENTS: Readonly<Record<RolloutNews['what'], string>> = {
  started: 'rolloutStarted',
  waveReleased: 'rolloutWaveReleased',
  wavePassed: 'rolloutWavePassed',
  halted: 'rolloutHalted',
  resumed: 'rolloutResumed',
  completed: 'rolloutCompleted',
  superseded: 'rolloutSuperseded',
};

/** As the API shows it (docs/api.md). */
export function rolloutJson(rollout: Rollout, nowMs: number): Record<string, unknown> {
  const { id, order, createdAtMs, state, reason, wave } = rollout;
  const { devices, lapsed } = rollout.current.control;
  return {
    id,
    target: formatTarget(order.target),
    version: order.version,
    hash: order.hash,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: new Date(order.expiresAtMs).toISOString(),
    observe_seconds: order.observeSeconds,
    state,
    reason,
    wave: wave + 1,
    waves: rollout.waves.map((each, at) =>
      waveJson(each, at === wave && state === 'running' ? nowMs + rollout.remainingMs : null),
    ),
    control: { devices, lapsed },
  };
}

function waveJson(wave: Wave, endsAtMs: number | null): Record<string, unknown> {
  const { size, state, startedAtMs, tally, frozen } = wave;
  const counts = frozen ?? tally.counts;
  const isSent = state !== 'waiting';
  return {
    size: size.text,
    devices: counts.devices,
    state,
    started_at: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    // To 10 s, since it moves along with what the monitor doubts and how often it looks.
    ends_at: endsAtMs === null ? null : new Date(Math.ceil(endsAtMs / 10_000) * 10_000).toISOString(),
    sent: isSent ? counts.devices : 0,
    trying: counts.trying,
    confirmed: counts.confirmed,
    rolled_back: counts.rolledBack,
    refused: counts.refused,
    // Only at its end is silence more than patience.
    silent: state === 'failed' || state === 'passed' ? tally.whole(true).silent : 0,
    lapsed: counts.lapsed,
    reasons: Object.fromEntries(counts.reasons),
  };
}
