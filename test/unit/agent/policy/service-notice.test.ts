import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeepaliveEffect, KeepaliveEvent } from '../../../../agent/policy/keepalive/types.ts';
import { NOTHING_TOLD, noticeStep } from '../../../../agent/policy/service-notice.ts';
import { CONFIG, fixed, Mind } from './keepalive/mind.ts';

const WATCHDOG_MS = 60_000;
const DAY_SECONDS = 86_400;

/** A mind under a service manager that kills when a notice is overdue. */
class WatchedMind extends Mind {
  readonly notices: { readonly at: number; readonly text: string }[] = [];
  killAt = Number.POSITIVE_INFINITY;
  #told = NOTHING_TOLD;

  override tell(event: KeepaliveEvent): readonly KeepaliveEffect[] {
    assert.ok(this.now < this.killAt, `killed at ${this.killAt} ms, before ${event.kind} at ${this.now} ms`);
    const effects = super.tell(event);
    const step = noticeStep(this.#told, this.state, this.wakeAt, this.now, this.config, WATCHDOG_MS);
    this.#told = step.state;
    if (step.text === null) return effects;
    this.notices.push({ at: this.now, text: step.text });
    const usec = /^WATCHDOG_USEC=(\d+)$/m.exec(step.text)?.[1];
    if (usec !== undefined) {
      assert.match(step.text, /^WATCHDOG=1$/m);
      this.killAt = this.now + Number(usec) / 1000;
    }
    return effects;
  }
}

const refused: KeepaliveEvent = {
  kind: 'connectFailed',
  failure: { kind: 'refused', message: 'refused' } as never,
};

test('says once that it is ready, before there is a network, and then what it is doing', () => {
  const mind = new WatchedMind();
  mind.tell({ kind: 'started' });
  assert.match(mind.notices[0]?.text ?? '', /^READY=1\nSTATUS=connecting\n/);
  mind.up();
  assert.match(mind.notices.at(-1)?.text ?? '', /^STATUS=connected; a probe every \d+ s \(.+\)$/m);
  assert.equal(mind.notices.filter(({ text }) => text.includes('READY=1')).length, 1);
});

test('a connected day costs one notice a probe, and the watchdog never fires', () => {
  const mind = new WatchedMind(fixed({ intervalSeconds: 300 })).begin();
  const before = mind.notices.length;
  const probesBefore = mind.probes().length;
  while (mind.now < DAY_SECONDS * 1000) mind.answerNext();
  const probes = mind.probes().length - probesBefore;
  assert.ok(probes > 200, String(probes));
  assert.ok(mind.notices.length - before <= probes + 2, `${mind.notices.length - before} for ${probes}`);
});

test('a day without a network neither ends in a restart nor in a notice for each retry', () => {
  const mind = new WatchedMind();
  mind.tell({ kind: 'started' });
  while (mind.now < DAY_SECONDS * 1000) {
    mind.tell(refused);
    const connects = mind.connects().length;
    while (mind.connects().length === connects) mind.passUntil(mind.wakeAt ?? assert.fail('no retry'));
  }
  const statuses = mind.notices.filter(({ text }) => text.includes('STATUS=not connected'));
  assert.equal(statuses.length, 1);
});

test('a timer that never fires is overdue one patience after the promise', () => {
  const mind = new WatchedMind(fixed({ intervalSeconds: 300 })).begin();
  mind.answerNext();
  const promised = mind.wakeAt ?? assert.fail('nothing promised');
  assert.ok(mind.killAt >= promised + WATCHDOG_MS - 1 && mind.killAt <= promised + WATCHDOG_MS + 1000);
});

test('a connection attempt whose outcome is never told is overdue too', () => {
  const mind = new WatchedMind();
  mind.tell({ kind: 'started' });
  assert.equal(mind.wakeAt, null);
  assert.equal(mind.killAt, CONFIG.connectTimeoutSeconds * 1000 + WATCHDOG_MS);
});

test('without a watchdog nothing is promised, and while leaving nothing is said', () => {
  const mind = new Mind().begin();
  const step = noticeStep(NOTHING_TOLD, mind.state, mind.wakeAt, mind.now, mind.config, null);
  assert.doesNotMatch(step.text ?? '', /WATCHDOG/);
  mind.tell({ kind: 'stopRequested' });
  assert.equal(noticeStep(NOTHING_TOLD, mind.state, mind.wakeAt, mind.now, mind.config, 1000).text, null);
});

test('what is under way besides is said on the same line, and stays one line', () => {
  const mind = new Mind().begin();
  const { state, text } = noticeStep(
    NOTHING_TOLD,
    mind.state,
    mind.wakeAt,
    mind.now,
    mind.config,
    1000,
    'trying\nREADY=0',
  );
  assert.match(text ?? '', /^STATUS=trying READY=0; connected; a probe every/m);
  const after = noticeStep(state, mind.state, mind.wakeAt, mind.now, mind.config, 1000, null);
  assert.match(after.text ?? '', /^STATUS=connected; a probe every/m);
});
