/**
 * What is kept of a network's link beside the belief about its idle timeout: how often it is lost otherwise, and what
 * trials may still cost. Without it a device that moves or restarts often would take every bad link for a good one,
 * and have a full budget to lose connections with each time.
 */
import type { LearnerState } from './interval-learner.ts';

/** JSON. */
export interface SavedLink {
  /** Losses seen and seconds watched, both faded, as in `LinkHazard`. */
  readonly losses: number;
  readonly watchedSeconds: number;
  /** Unreachable seconds that failed trials might still cost; null: the policy was not known yet. */
  readonly trialBudgetSeconds: number | null;
}

/** Fading leaves less than a week of either; what claims more was not written by us. */
const MOST_WATCHED_SECONDS = 30 * 86_400;
const MOST_LOSSES = 1e5;
const MOST_BUDGET_SECONDS = 86_400;

/** What is worth keeping. Round trips and jitter are of the moment. */
export function saveLink({ hazard, trialBudgetSeconds }: LearnerState): SavedLink {
  return {
    losses: Math.round(hazard.losses * 100) / 100,
    watchedSeconds: Math.round(hazard.watchedSeconds),
    trialBudgetSeconds: trialBudgetSeconds === null ? null : Math.round(trialBudgetSeconds),
  };
}

/** What was kept; null when there is none or it makes no sense: then it is learned anew. Never throws. */
export function parseLink(value: unknown): SavedLink | null {
  if (typeof value !== 'object' || value === null) return null;
  const { losses, watchedSeconds, trialBudgetSeconds } = value as Record<string, unknown>;
  if (!within(losses, 0, MOST_LOSSES) || !within(watchedSeconds, 0, MOST_WATCHED_SECONDS)) return null;
  if (trialBudgetSeconds === null) return { losses, watchedSeconds, trialBudgetSeconds };
  if (!within(trialBudgetSeconds, -MOST_BUDGET_SECONDS, MOST_BUDGET_SECONDS)) return null;
  return { losses, watchedSeconds, trialBudgetSeconds };
}

/** A new learner that goes on from there. */
export function withLink(learner: LearnerState, link: SavedLink | null): LearnerState {
  if (link === null) return learner;
  const { losses, watchedSeconds, trialBudgetSeconds } = link;
  return { ...learner, hazard: { ...learner.hazard, losses, watchedSeconds }, trialBudgetSeconds };
}

function within(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
