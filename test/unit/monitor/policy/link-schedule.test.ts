import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  initialLink,
  type LinkEvent,
  type LinkSettings,
  type LinkState,
  linkStep,
} from '../../../../monitor/policy/link-schedule.ts';

const AUTO: LinkSettings = { protocol: 'auto', answerTimeoutMs: 20_000 };

/** Runs events one ms apart; returns the last step and every effect. */
function play(events: readonly LinkEvent[], settings: LinkSettings = AUTO, from = initialLink(settings, 0)) {
  let state: LinkState = from;
  let nowMs = 0;
  const effects: string[] = [];
  let reason = '';
  for (const event of events) {
    nowMs = event.kind === 'timePassed' ? (state.wakeAtMs ?? nowMs) : nowMs + 1;
    const step = linkStep(state, event, nowMs, settings, () => 0.5);
    effects.push(
      ...step.effects.map((effect) =>
        effect.kind === 'connect' ? `connect ${effect.version}` : effect.kind,
      ),
    );
    ({ state, reason } = step);
  }
  return { state, effects, reason, nowMs };
}

const DUE: LinkEvent = { kind: 'timePassed' };
const UP: readonly LinkEvent[] = [DUE, { kind: 'accepted' }, { kind: 'subscribed' }];
const CLOSED: LinkEvent = { kind: 'closed', detail: 'reset' };
const failed = (failure: 'network' | 'no-answer' | 'protocol-version' | 'refused'): LinkEvent => ({
  kind: 'connectFailed',
  failure: { kind: failure, message: 'why' },
});

describe('the schedule of the link', () => {
  it('believes its ears only after the subscriptions are granted', () => {
    assert.deepEqual(play([DUE, { kind: 'accepted' }]).effects, ['connect 5', 'subscribe']);
    assert.deepEqual(play(UP).effects, ['connect 5', 'subscribe', 'announceUp']);
  });

  it('treats a refused and an unanswered subscription as no link', () => {
    const refused = play([DUE, { kind: 'accepted' }, { kind: 'subscribeRefused', detail: 'not authorised' }]);
    assert.deepEqual(refused.effects, ['connect 5', 'subscribe', 'destroy']);
    assert.equal(refused.reason, 'not authorised');
    assert.equal(refused.state.phase, 'waiting');
    assert.deepEqual(play([DUE, { kind: 'accepted' }, DUE]).effects, ['connect 5', 'subscribe', 'destroy']);
  });

  it('says what to look at after a failed connect', () => {
    const failure = {
      kind: 'tls',
      message: 'certificate has expired',
      key: 'broker.url',
      fix: 'renew it',
    } as const;
    const { reason } = play([DUE, { kind: 'connectFailed', failure }]);
    assert.equal(reason, 'tls: certificate has expired; see broker.url: renew it');
  });

  it('falls back to 3.1.1 at once when told so, after a wait when met with silence, and back again', () => {
    assert.deepEqual(play([DUE, failed('protocol-version')]).effects, ['connect 5', 'connect 4']);
    const silent = [DUE, failed('no-answer'), DUE, failed('no-answer'), DUE];
    assert.deepEqual(play(silent).effects, ['connect 5', 'connect 4', 'connect 5']);
    assert.deepEqual(play([DUE, failed('network'), DUE]).effects, ['connect 5', 'connect 5']);
  });

  it('keeps to the version that was demanded, and to the one that worked', () => {
    for (const [protocol, version] of [
      ['5', 5],
      ['3.1.1', 4],
    ] as const) {
      const { effects } = play([DUE, failed('protocol-version'), DUE], { ...AUTO, protocol });
      assert.deepEqual(effects, [`connect ${version}`, `connect ${version}`]);
    }
    const again = play([
      DUE,
      failed('protocol-version'),
      { kind: 'accepted' },
      { kind: 'subscribed' },
      CLOSED,
      DUE,
    ]);
    assert.equal(again.effects.at(-1), 'connect 4');
  });

  it('waits longer after each failure, also when the link breaks soon, but not after a stable one', () => {
    const soon = play([...UP, CLOSED, ...UP, CLOSED]);
    assert.equal(soon.state.failures, 2);
    const { state } = play(UP);
    const late = linkStep(state, CLOSED, 100_000, AUTO, () => 0);
    assert.equal(late.state.failures, 1);
    assert.deepEqual(late.effects, [{ kind: 'announceLost' }]);
    const many = play(Array.from({ length: 20 }, () => [DUE, failed('refused')]).flat());
    assert.ok((many.state.wakeAtMs ?? 0) - many.nowMs <= 30_000);
  });

  it('says goodbye once when asked to stop, and does nothing after', () => {
    assert.equal(play([...UP, { kind: 'stopped' }]).effects.at(-1), 'disconnect');
    assert.equal(play([DUE, { kind: 'stopped' }]).effects.at(-1), 'destroy');
    assert.deepEqual(play([{ kind: 'stopped' }, DUE, { kind: 'accepted' }]).effects, []);
  });

  it('announces up and lost in turn, and is never stuck, whatever happens', () => {
    const event = fc.constantFrom<LinkEvent>(
      DUE,
      { kind: 'accepted' },
      { kind: 'subscribed' },
      { kind: 'subscribeRefused', detail: 'x' },
      CLOSED,
      failed('network'),
      failed('no-answer'),
      failed('protocol-version'),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { state, effects } = play(events);
        const said = effects.filter((effect) => effect.startsWith('announce'));
        for (const [index, effect] of said.entries()) {
          assert.equal(effect, index % 2 === 0 ? 'announceUp' : 'announceLost');
        }
        assert.equal(state.phase === 'up', said.at(-1) === 'announceUp');
        const wakes = state.phase === 'waiting' || state.phase === 'subscribing';
        assert.equal(state.wakeAtMs !== null, wakes);
      }),
    );
  });
});
