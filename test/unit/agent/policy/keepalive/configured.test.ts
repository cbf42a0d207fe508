import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepaliveStep } from '../../../../../agent/policy/keepalive/keepalive.ts';
import type { KeepaliveConfig } from '../../../../../agent/policy/keepalive/types.ts';
import { AWAY, believing, CONFIG, fixed, Mind } from './mind.ts';

/** A mind whose settings change while it runs. */
class Changing extends Mind {
  configure(config: KeepaliveConfig, link: 'kept' | 'replaced' = 'kept'): void {
    Object.assign(this, { config });
    this.tell({ kind: 'configured', link });
  }
}

test('a shorter interval counts at once, over the same connection', () => {
  const mind = new Changing(fixed({ intervalSeconds: 300 })).begin();
  mind.pass(10);
  mind.configure(fixed({ intervalSeconds: 60 }));
  assert.equal(mind.statuses().at(-1)?.intervalSeconds, 60);
  mind.passUntil(59_900);
  assert.equal(mind.probes().length, 0);
  mind.passUntil(60_100);
  assert.equal(mind.probes().length, 1);
  assert.equal(mind.connects().length, 1);
});

test('a longer one from the next probe on: what was promised is kept', () => {
  const mind = new Changing(fixed({ intervalSeconds: 60 })).begin();
  mind.configure(fixed({ intervalSeconds: 300 }));
  mind.passUntil(60_100);
  assert.equal(mind.probes().length, 1);
  assert.equal(mind.probes().at(-1)?.probe.promisedSeconds, 300);
});

test('another count or version is told at once, and nothing else that is known already', () => {
  const mind = new Changing(fixed({ intervalSeconds: 60 })).begin();
  const told = mind.statuses().length;
  mind.configure({ ...fixed({ intervalSeconds: 60 }) });
  assert.equal(mind.statuses().length, told);
  mind.configure(fixed({ intervalSeconds: 60, count: 5 }));
  assert.equal(mind.statuses().at(-1)?.count, 5);
  mind.configure({ ...fixed({ intervalSeconds: 60, count: 5 }), configurationVersion: 7 });
  assert.equal(mind.statuses().at(-1)?.configurationVersion, 7);
  assert.equal(mind.statuses().length, told + 2);
});

test('what was learned of the network stays, under another prior too', () => {
  const mind = new Changing(CONFIG);
  mind.flash.set(AWAY.key, believing(240, 300));
  mind.network = AWAY;
  mind.begin();
  const before = mind.state.interval.intervalMs;
  assert.ok(before > 200_000 && before < 300_000, String(before));
  mind.configure({
    ...CONFIG,
    pathLimitSeconds: 3600,
    keepalive: { ...CONFIG.keepalive, minIntervalSeconds: 20 },
  });
  const { intervalMs } = mind.state.interval;
  assert.ok(intervalMs > 200_000 && intervalMs < 300_000, String(intervalMs));
  mind.configure(fixed({ intervalSeconds: 45 }), 'kept');
  assert.equal(mind.state.interval.intervalMs, 45_000);
  mind.configure(CONFIG);
  assert.ok(mind.state.interval.intervalMs > 200_000);
});

test('a new link connects at once, is no lapse, and its epoch has grown', () => {
  const mind = new Changing(CONFIG).begin();
  for (let failures = 0; failures < 6; failures += 1) {
    mind.tell({ kind: 'linkClosed', cause: 'reset', detail: '' });
    mind.tell({ kind: 'connectFailed', failure: { kind: 'network', message: '' } });
  }
  const before = mind.connects().length;
  const { lapses } = mind.state.counters;
  const epoch = mind.statuses().at(-1)?.epoch ?? 0;
  mind.configure({ ...CONFIG, protocol: '3.1.1' }, 'replaced');
  assert.equal(mind.connects().length, before + 1);
  assert.equal(mind.connects().at(-1)?.version, '3.1.1');
  mind.up();
  assert.ok((mind.statuses().at(-1)?.epoch ?? 0) > epoch);
  assert.equal(mind.state.counters.lapses, lapses);
  // A probe of the old link is not waited for.
  mind.answerNext();
  assert.equal(mind.state.inFlight.length, 0);
});

test('a probe that is wanted goes out now, once, and not while one is awaited', () => {
  const mind = new Changing(fixed({ intervalSeconds: 300 })).begin();
  mind.tell({ kind: 'probeWanted' });
  assert.equal(mind.probes().length, 1);
  mind.tell({ kind: 'probeWanted' });
  assert.equal(mind.probes().length, 1);
  mind.ack();
  mind.tell({ kind: 'probeWanted' });
  assert.equal(mind.probes().length, 2);
});

test('who is leaving takes no other settings', () => {
  const mind = new Changing(CONFIG).begin();
  mind.tell({ kind: 'stopRequested' });
  const { effects } = keepaliveStep(
    mind.state,
    { kind: 'configured', link: 'replaced' },
    mind.now,
    CONFIG,
    Math.random,
  );
  assert.deepEqual(effects, []);
});
