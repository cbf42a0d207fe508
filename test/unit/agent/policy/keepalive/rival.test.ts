import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { epochOf } from '../../../../../agent/policy/keepalive/bounds.ts';
import { NOTHING_TOLD, noticeStep } from '../../../../../agent/policy/service-notice.ts';
import { CONFIG, HOME, Mind } from './mind.ts';

const OWN_STARTS = 7;
const FOREIGN = epochOf({ starts: OWN_STARTS + 3, sessions: 1 });

const started = (): Mind => new Mind(CONFIG, { starts: OWN_STARTS }).begin();

/** Time passes on a link that works. */
function live(mind: Mind, seconds: number): void {
  const until = mind.now + seconds * 1000;
  while ((mind.wakeAt ?? assert.fail()) < until) mind.answerNext();
  mind.passUntil(until);
}

/** The broker closes without a word, and the device comes back. `status`: the epoch that the broker has kept. */
function kicked(
  mind: Mind,
  upSeconds: number,
  status: number | null = null,
  cause: 'peer-closed' | 'taken-over' = 'peer-closed',
): number {
  live(mind, upSeconds);
  mind.tell({ kind: 'linkClosed', cause, detail: 'closed' });
  const before = mind.now;
  const connects = mind.connects().length;
  while (mind.connects().length === connects) mind.passUntil(mind.wakeAt ?? assert.fail());
  mind.tell({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
  mind.identify(HOME);
  if (status !== null) mind.tell({ kind: 'ownStatusHeard', epoch: status });
  mind.tell({ kind: 'packetReceived' });
  mind.tell({ kind: 'statusSettled' });
  return (mind.now - before) / 1000;
}

const asked = (mind: Mind): boolean | undefined => mind.connects().at(-1)?.asksStatus;

describe('a connection that the broker closes soon after its CONNACK', () => {
  it('counts as a failed connect, so that the waits grow', () => {
    const mind = started();
    const waits = [2, 2, 2, 2, 2].map((seconds) => kicked(mind, seconds));
    for (const [n, wait] of waits.entries()) assert.ok(n === 0 || wait > (waits[n - 1] ?? 0), waits.join());
  });

  it('has the next one ask for the retained status, and only the next one', () => {
    const mind = started();
    assert.equal(asked(mind), false);
    kicked(mind, 2);
    assert.equal(asked(mind), true);
    kicked(mind, 600);
    assert.equal(asked(mind), false);
  });

  it('is nobody else’s doing when that status is our own', () => {
    const mind = started();
    for (let n = 0; n < 5; n += 1) kicked(mind, 2, epochOf({ starts: OWN_STARTS, sessions: n + 1 }));
    assert.equal(mind.logged('nameTaken').length, 0);
  });

  it('is nobody else’s doing when a broker that crashed has an old status of ours', () => {
    const mind = started();
    const old = epochOf({ starts: OWN_STARTS - 1, sessions: 1 });
    kicked(mind, 2, old);
    kicked(mind, 3600);
    kicked(mind, 2, old);
    assert.equal(mind.logged('nameTaken').length, 0);
  });

  it('is another device’s when its status comes back twice; that is told once, and in STATUS=', () => {
    const mind = started();
    for (let n = 0; n < 6; n += 1) kicked(mind, 2, FOREIGN);
    assert.deepEqual(mind.logged('nameTaken'), [{ evidence: 'its status at the broker is not from here' }]);
    const { text } = noticeStep(NOTHING_TOLD, mind.state, mind.wakeAt, mind.now, CONFIG, null);
    assert.match(text ?? '', /STATUS=another client uses this device's name .*device\.name/);
  });
});

describe('a war over a name', () => {
  it('ends in ever longer waits, also once connections last again for a while', () => {
    const mind = started();
    kicked(mind, 2, FOREIGN);
    kicked(mind, 2, FOREIGN);
    const waits = [120, 120, 120, 120].map((seconds) => kicked(mind, seconds, FOREIGN));
    for (const [n, wait] of waits.entries()) assert.ok(n === 0 || wait > (waits[n - 1] ?? 0), waits.join());
  });

  it('is told of at once by a broker that gives the reason', () => {
    const mind = started();
    const waits = [200, 200, 200, 200].map((seconds) => kicked(mind, seconds, null, 'taken-over'));
    assert.equal(mind.logged('nameTaken').length, 1);
    for (const [n, wait] of waits.entries()) assert.ok(n === 0 || wait > (waits[n - 1] ?? 0), waits.join());
  });

  it('teaches nothing about the path', () => {
    const mind = started();
    const before = mind.state.interval.intervalMs;
    for (let n = 0; n < 6; n += 1) kicked(mind, 20, FOREIGN);
    assert.equal(mind.state.interval.intervalMs, before);
    assert.equal(mind.state.interval.seen.drops, 0);
    assert.equal(mind.logged('lapseExplained').length, 6);
  });

  it('is over once a connection has lasted longer than the other device would wait', () => {
    const mind = started();
    for (let n = 0; n < 3; n += 1) kicked(mind, 2, FOREIGN);
    live(mind, 6 * CONFIG.reconnect.maxDelaySeconds);
    assert.equal(mind.logged('nameFree').length, 1);
    mind.tell({ kind: 'linkClosed', cause: 'peer-closed', detail: '' });
    assert.equal((mind.wakeAt ?? assert.fail()) - mind.now, 1500);
  });
});

it('without another device a close while idle teaches what the path bears, as it did', () => {
  const mind = started();
  kicked(mind, 20);
  assert.equal(mind.state.interval.seen.drops, 1);
});
