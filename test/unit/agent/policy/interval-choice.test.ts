import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answered,
  type IdleTimeoutBelief,
  newBelief,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import {
  type ChoiceInputs,
  chooseInterval,
  effectiveBounds,
  type IntervalBounds,
} from '../../../../agent/policy/interval-choice.ts';
import { candidatesWithin, lookAhead } from '../../../../agent/policy/interval-lookahead.ts';
import { costPerSecond } from '../../../../agent/policy/interval-objective.ts';

const BOUNDS: IntervalBounds = {
  minSeconds: 15,
  maxSeconds: 1200,
  maxDetectionSeconds: 36_000,
  count: 3,
  serverKeepAliveSeconds: null,
  pathLimitSeconds: null,
};

const COSTS = {
  probe: 1,
  reconnect: 1,
  unreachablePerSecond: 0.05,
  expiryPerSecond: 0.05,
  recoverSeconds: 9,
  lossesPerSecond: 1 / 864_000,
};

function inputs(belief: IdleTimeoutBelief, other: Partial<ChoiceInputs> = {}): ChoiceInputs {
  return {
    belief,
    costs: COSTS,
    bounds: effectiveBounds(BOUNDS),
    horizonSeconds: 4 * 86_400,
    currentSeconds: null,
    trialBudgetSeconds: 1728,
    capSeconds: Number.POSITIVE_INFINITY,
    ...other,
  };
}

/** Answered at `lasts`, many times; unanswered a little above. */
function known(lasts: number, forgets: number): IdleTimeoutBelief {
  let belief = newBelief();
  for (let probe = 0; probe < 20; probe++) belief = answered(belief, lasts);
  return unansweredThenReconnected(belief, forgets, 0.0001).belief;
}

function lasting(seconds: number): IdleTimeoutBelief {
  let belief = newBelief();
  for (let probe = 0; probe < 20; probe++) belief = answered(belief, seconds);
  return belief;
}

describe('the objective', () => {
  it('without an idle timeout is least at the square root of 2·probe / (h·price)', () => {
    const costs = { ...COSTS, lossesPerSecond: 1 / 3600 };
    const least = Math.sqrt((2 * 3600) / 0.05);
    const at = (seconds: number): number => costPerSecond(costs, seconds, 0, 0);
    assert.ok(at(least) < at(least * 0.95) && at(least) < at(least * 1.05));
  });

  it('charges an expiry its reconnect and the seconds from the timeout to the new connection', () => {
    const costs = { ...COSTS, lossesPerSecond: 0 };
    // Certain to forget after 100 s, probed after 300: 1 + 1 + 0.05·(200 + 9).
    assert.ok(Math.abs(costPerSecond(costs, 300, 1, 100) * 300 - 12.45) < 1e-9);
  });
});

describe('the bounds', () => {
  it('are tightened by whatever is tightest, by name', () => {
    const cases: readonly (readonly [Partial<IntervalBounds>, number, string])[] = [
      [{}, 1200, 'max_interval'],
      [{ maxDetectionSeconds: 1800 }, 600, 'max_detection'],
      [{ serverKeepAliveSeconds: 300 }, 299, 'server_keep_alive'],
      [{ pathLimitSeconds: 350 }, 343, 'path_limit'],
      [{ pathLimitSeconds: 350, serverKeepAliveSeconds: 60 }, 59, 'server_keep_alive'],
    ];
    for (const [change, seconds, reason] of cases) {
      const bounds = effectiveBounds({ ...BOUNDS, ...change });
      assert.deepEqual([bounds.maxSeconds, bounds.maxReason], [seconds, reason]);
    }
  });

  it('let a fact win over min_interval', () => {
    const bounds = effectiveBounds({ ...BOUNDS, minSeconds: 120, pathLimitSeconds: 60 });
    assert.deepEqual([bounds.minSeconds, bounds.maxSeconds], [58.8, 58.8]);
  });

  it('hold for every belief', () => {
    for (const belief of [newBelief(), lasting(1200), known(20, 25), known(1000, 1100)]) {
      for (const change of [{ minSeconds: 100 }, { maxSeconds: 100 }, { pathLimitSeconds: 45 }]) {
        const bounds = effectiveBounds({ ...BOUNDS, ...change });
        const { intervalSeconds } = chooseInterval(inputs(belief, { bounds }));
        assert.ok(intervalSeconds >= bounds.minSeconds - 0.1 && intervalSeconds <= bounds.maxSeconds);
      }
    }
  });
});

describe('the choice', () => {
  it('stays just below what the path forgets, and says so', () => {
    const choice = chooseInterval(inputs(known(349.4, 357)));
    assert.ok(choice.intervalSeconds > 335 && choice.intervalSeconds < 356, `${choice.intervalSeconds}`);
    assert.equal(choice.reason, 'path_forgets');
    assert.match(choice.explanation, /^path forgets after about 3[45]\d s$/);
  });

  it('tries longer while the answer is worth more than the drop', () => {
    const choice = chooseInterval(inputs(lasting(60)));
    assert.equal(choice.reason, 'trying_longer');
    assert.ok(choice.intervalSeconds > 80);
  });

  it('does not try where the stay is too short to gain', () => {
    const choice = chooseInterval(inputs(known(300, 400), { horizonSeconds: 600 }));
    assert.equal(choice.reason, 'path_forgets');
  });

  it('does not try what a failure could not pay for from the budget', () => {
    const tight = chooseInterval(inputs(lasting(60), { trialBudgetSeconds: 100 }));
    assert.ok(tight.intervalSeconds > 60 && tight.intervalSeconds <= 60 + 91 + 2);
    const none = chooseInterval(inputs(lasting(60), { trialBudgetSeconds: 0 }));
    assert.ok(none.intervalSeconds <= 61);
  });

  it('names the bound that it rests on', () => {
    assert.equal(chooseInterval(inputs(lasting(1200))).reason, 'max_interval');
    const bounds = effectiveBounds({ ...BOUNDS, maxDetectionSeconds: 1800 });
    const choice = chooseInterval(inputs(lasting(1200), { bounds }));
    assert.deepEqual([choice.intervalSeconds, choice.reason], [600, 'max_detection']);
  });

  it('shortens as other losses become frequent', () => {
    const costs = { ...COSTS, lossesPerSecond: 1 / 900 };
    const choice = chooseInterval(inputs(lasting(1200), { costs }));
    assert.equal(choice.reason, 'link_losses');
    assert.ok(Math.abs(choice.intervalSeconds - Math.sqrt((2 * 900) / 0.05)) < 10);
  });

  it('keeps the interval in force when another would hardly be cheaper', () => {
    const belief = lasting(1200);
    const at = (perHour: number, currentSeconds: number | null): number =>
      chooseInterval(inputs(belief, { costs: { ...COSTS, lossesPerSecond: perHour / 3600 }, currentSeconds }))
        .intervalSeconds;
    const before = at(1, null);
    assert.notEqual(at(1.2, null), before);
    assert.equal(at(1.2, before), before);
    assert.ok(at(4, before) < before);
  });
});

describe('the look-ahead', () => {
  it('never finds that knowing more costs more', () => {
    for (const belief of [newBelief(), lasting(100), lasting(1200), known(300, 500)]) {
      const costs = { ...COSTS, lossesPerSecond: 1 / 3600 };
      const candidates = candidatesWithin(belief, 15, 1200);
      const { settled, best, costOf } = lookAhead(candidates, costs, 345_600);
      const ignorant =
        345_600 *
        costPerSecond(
          costs,
          candidates.seconds[settled] as number,
          candidates.forget[settled] as number,
          candidates.forgotten[settled] as number,
        );
      assert.ok(costOf(settled) <= ignorant * (1 + 1e-9));
      assert.ok(costOf(best) <= costOf(settled));
    }
  });
});
