/** Our own rule: the agent's production policies, unchanged, behind the simulator's interface. */
import { newBelief } from '../../../agent/policy/idle-timeout-belief.ts';
import { type FleetSummary, priorFor } from '../../../agent/policy/idle-timeout-prior.ts';
import {
  decide,
  type LearnerConditions,
  type LearnerState,
  learn,
  newLearner,
} from '../../../agent/policy/interval-learner.ts';
import { knownFromFleet } from '../../../agent/policy/known-limit.ts';
import type { LearnerEvent } from '../../../agent/policy/learner-event.ts';
import type { Rule } from './rule.ts';

export class KeepAliveHdRule implements Rule {
  state: LearnerState;
  readonly #conditions: (nowSeconds: number) => LearnerConditions;

  constructor(conditions: (nowSeconds: number) => LearnerConditions, fleet: FleetSummary | null = null) {
    const { configured, bounds } = conditions(0);
    const prior = priorFor({ fleet, limitSeconds: bounds.pathLimitSeconds });
    const known = fleet && knownFromFleet(fleet, bounds.maxSeconds);
    this.state = newLearner(newBelief(prior), configured, fleet !== null, known);
    this.#conditions = conditions;
  }

  next(nowSeconds: number): number {
    const { state, choice } = decide(this.state, this.#conditions(nowSeconds));
    this.state = state;
    return choice.intervalSeconds;
  }

  answered(_nowSeconds: number, silenceSeconds: number, rttMs: number, repeated: boolean): void {
    this.#learn({ kind: 'probeAnswered', silenceSeconds, rttMs, repeated });
  }

  lost(_nowSeconds: number, silenceSeconds: number): void {
    this.#learn({ kind: 'probeUnanswered', silenceSeconds });
  }

  closedWhileIdle(_nowSeconds: number, idleSeconds: number): void {
    this.#learn({ kind: 'closedWhileIdle', idleSeconds });
  }

  outage(_nowSeconds: number, watchedSeconds: number): void {
    this.#learn({ kind: 'lossCensored', watchedSeconds, linkLost: true });
  }

  #learn(event: LearnerEvent): void {
    this.state = learn(this.state, event);
  }
}
