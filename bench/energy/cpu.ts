/** CPU per probe of the learner: update and choice, as probes usually go and with a new choice every time. */
import { newBelief } from '../../agent/policy/idle-timeout-belief.ts';
import { decide, type LearnerState, learn, newLearner } from '../../agent/policy/interval-learner.ts';
import { conditionsOf } from './cases.ts';
import { readRadios } from './radio.ts';

const radio = readRadios(new URL('./data/radio-energy.csv', import.meta.url))[0];
if (radio === undefined) throw new Error('radio-energy.csv is empty');
const conditions = conditionsOf({
  radio,
  policy: 'balanced',
  minSeconds: 15,
  maxSeconds: 7200,
  idleTimeoutSeconds: 350,
  backgroundLossPerHour: 0,
  days: [1],
  seed: 1,
});

function probes(count: number, fresh: boolean): number {
  let state: LearnerState = newLearner(newBelief(), 'balanced', false);
  const start = process.cpuUsage();
  for (let probe = 0; probe < count; probe++) {
    const decided = decide(fresh ? { ...state, chosenUnder: null } : state, conditions);
    const silenceSeconds = decided.choice.intervalSeconds;
    state =
      silenceSeconds < 350
        ? learn(decided.state, { kind: 'probeAnswered', silenceSeconds, rttMs: 900, repeated: false })
        : learn(decided.state, { kind: 'probeUnanswered', silenceSeconds });
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}

probes(2000, true);
process.stdout.write(`usual probe: ${probes(20_000, false).toFixed(1)} µs\n`);
process.stdout.write(`probe with a new choice: ${probes(2000, true).toFixed(1)} µs\n`);
