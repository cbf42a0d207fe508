import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceState } from '../../../../monitor/policy/device.ts';
import {
  judgedAfterMs,
  judgeProbe,
  judgeSilence,
  judgeStatus,
  type StatusEvent,
} from '../../../../monitor/policy/liveness.ts';

const STATES: readonly DeviceState[] = ['unknown', 'alive', 'late', 'dead', 'left'];

function event(overrides: Partial<StatusEvent>): StatusEvent {
  return { said: 'online', retained: false, age: 'same', knownEnd: null, ...overrides };
}

/** `state cause silence facts` of the verdict, or the refusal. */
function judged(state: DeviceState | null, overrides: Partial<StatusEvent>): string {
  const verdict = judgeStatus(state, event(overrides));
  if (verdict === 'stale-epoch') return verdict;
  return `${verdict.to} ${verdict.cause ?? '-'} ${verdict.silence} ${verdict.facts}`;
}

test('a probe makes anything alive, and says whether it is news', () => {
  assert.equal(judgeProbe(null), 'first-heard');
  assert.equal(judgeProbe('alive'), null);
  for (const state of ['unknown', 'late', 'dead', 'left'] as const)
    assert.equal(judgeProbe(state), 'probe-heard');
});

test('whatever an older epoch says is stale, in every state', () => {
  for (const state of STATES) {
    for (const said of ['online', 'offline', 'leaving'] as const) {
      for (const retained of [true, false])
        assert.equal(judged(state, { said, retained, age: 'older' }), 'stale-epoch');
    }
  }
});

test('an online said live is a sign of life', () => {
  assert.equal(judged(null, { age: 'newer' }), 'alive status-online heard stated');
  assert.equal(judged('alive', {}), 'alive - heard stated');
  for (const state of ['late', 'dead', 'left'] as const) {
    assert.equal(judged(state, {}), 'alive status-online heard stated');
  }
});

test('a retained online revives nobody; an unknown device gets a whole timeout to be heard in', () => {
  const retained = true;
  assert.equal(judged(null, { retained, age: 'newer' }), 'unknown status-retained from-now stated');
  for (const state of STATES) assert.equal(judged(state, { retained }), `${state} - goes-on longest`);
  for (const state of ['unknown', 'alive', 'late', 'dead'] as const) {
    assert.equal(judged(state, { retained, age: 'newer' }), `${state} - from-now stated`);
  }
});

test('a device that left and came back while nobody listened is watched again', () => {
  for (const said of ['online', 'offline'] as const) {
    const back = judged('left', { said, retained: true, age: 'newer' });
    assert.equal(back, 'unknown status-retained from-now stated');
  }
});

test('a will makes an alive device late, kills nobody and moves no deadline', () => {
  const said = 'offline';
  assert.equal(judged(null, { said, age: 'newer' }), 'late will-published from-now stated');
  assert.equal(judged('unknown', { said }), 'late will-published goes-on none');
  // Of a device of which nothing is proved an old will proves nothing either.
  assert.equal(
    judged(null, { said, retained: true, age: 'newer' }),
    'unknown status-retained from-now stated',
  );
  assert.equal(judged('unknown', { said, retained: true }), 'unknown - goes-on none');
  for (const retained of [true, false]) {
    assert.equal(judged('alive', { said, retained }), 'late will-published goes-on none');
    assert.equal(judged('alive', { said, retained, age: 'newer' }), 'late will-published goes-on longest');
    assert.equal(judged('late', { said, retained }), 'late - goes-on none');
    assert.equal(judged('late', { said, retained, age: 'newer' }), 'late - goes-on longest');
    assert.equal(judged('dead', { said, retained }), 'dead - goes-on none');
    assert.equal(judged('left', { said, retained, knownEnd: 'leaving' }), 'left - goes-on none');
  }
});

test('a will that a probe outweighed stays outweighed when the broker repeats it', () => {
  assert.equal(
    judged('alive', { said: 'offline', retained: true, knownEnd: 'offline' }),
    'alive - goes-on none',
  );
  assert.equal(judged('alive', { said: 'offline', knownEnd: 'offline' }), 'late will-published goes-on none');
});

test('a repeated leaving neither stops a device that was heard since nor settles its death', () => {
  const replay = { said: 'leaving', retained: true, knownEnd: 'leaving' } as const;
  for (const state of STATES) assert.equal(judged(state, replay), `${state} - goes-on none`);
});

test('leaving ends every other state', () => {
  for (const retained of [true, false]) {
    assert.equal(
      judged(null, { said: 'leaving', retained, age: 'newer' }),
      'left left-on-purpose goes-on stated',
    );
    for (const state of ['alive', 'late', 'dead'] as const) {
      assert.equal(judged(state, { said: 'leaving', retained }), 'left left-on-purpose goes-on stated');
    }
  }
  assert.equal(judged('left', { said: 'leaving' }), 'left - goes-on stated');
});

test('how the session ended is remembered until a session goes on', () => {
  const end = (state: DeviceState | null, overrides: Partial<StatusEvent>) => {
    const verdict = judgeStatus(state, event(overrides));
    return verdict === 'stale-epoch' ? verdict : verdict.end;
  };
  assert.equal(end('alive', { said: 'offline' }), 'offline');
  assert.equal(end('alive', { said: 'leaving' }), 'leaving');
  assert.equal(end('late', { knownEnd: 'offline' }), null);
  assert.equal(end('late', { retained: true, knownEnd: 'offline' }), null);
  assert.equal(end('alive', { said: 'offline', retained: true, knownEnd: 'offline' }), 'offline');
  assert.equal(end('left', { retained: true, knownEnd: 'leaving' }), 'leaving');
});

test('late after the promise, dead after keepalive_timeout, each plus grace', () => {
  assert.equal(judgedAfterMs('alive', 30, 3, 2000), 32_000);
  assert.equal(judgedAfterMs('unknown', 30, 3, 2000), 32_000);
  assert.equal(judgedAfterMs('late', 30, 3, 2000), 92_000);
  assert.equal(judgedAfterMs('dead', 30, 3, 2000), null);
  assert.equal(judgedAfterMs('left', 30, 3, 2000), null);
});

test('silence is judged at the instant of the deadline and not before', () => {
  const after = (state: DeviceState, ms: number, count = 3) =>
    judgeSilence(state, 5000, 5000 + ms, 30, count, 2000);
  assert.equal(after('alive', 31_999), null);
  assert.equal(after('alive', 32_000), 'late');
  assert.equal(after('late', 91_999), null);
  assert.equal(after('late', 92_000), 'dead');
  assert.equal(after('alive', 92_000), 'dead');
  assert.equal(after('unknown', 32_000), 'late');
  assert.equal(after('unknown', 92_000), 'dead');
  assert.equal(after('dead', 1e9), null);
  assert.equal(after('left', 1e9), null);
});

test('with a count of 1 late and dead coincide: dead at once', () => {
  assert.equal(judgeSilence('alive', 0, 31_999, 30, 1, 2000), null);
  assert.equal(judgeSilence('alive', 0, 32_000, 30, 1, 2000), 'dead');
});
