/** The interval under other settings: what was learned of the network is kept, what follows from it is chosen anew. */
import type { IdleTimeoutBelief } from './idle-timeout-belief.ts';
import { parseBelief, saveBelief } from './idle-timeout-saved.ts';
import {
  type IntervalConfig,
  type IntervalState,
  initialInterval,
  intervalStep,
  priorOf,
} from './interval.ts';

/** `config` is new. */
export function intervalConfigured(state: IntervalState, config: IntervalConfig): IntervalState {
  const { learner } = state;
  const belief = onPrior(learner.belief, priorOf(config, null));
  const next: IntervalState = {
    ...state,
    intervalMs: initialInterval(config).intervalMs,
    learner: { ...learner, belief, chosenUnder: null },
  };
  // Nothing else has changed; telling it again makes the choice anew.
  return intervalStep(next, { kind: 'serverKeepAliveTold', seconds: state.serverKeepAliveSeconds }, config);
}

/** What was learned, on top of another prior: `path_limits` and `min_interval` shape it. */
function onPrior(belief: IdleTimeoutBelief, prior: Float64Array): IdleTimeoutBelief {
  if (belief.prior.every((mass, cell) => mass === prior[cell])) return belief;
  const moved = parseBelief(saveBelief(belief), prior);
  return moved.ok ? moved.belief : belief;
}
