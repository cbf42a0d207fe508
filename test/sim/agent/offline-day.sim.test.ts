/**
 * A day without a network, as bad as one can be: every kind of failure, addresses that come and go, short sleeps. The
 * watchdog never bites, the log and the service manager hear little, and nothing grows.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepaliveStep } from '../../../agent/policy/keepalive/keepalive.ts';
import type { KeepaliveEffect, KeepaliveEvent } from '../../../agent/policy/keepalive/types.ts';
import { NOTHING_TOLD, noticeStep } from '../../../agent/policy/service-notice.ts';
import { type Random, seededRandom } from '../../../bench/world/seeded-random.ts';
import type { ConnectFailureKind } from '../../../runtime/connect-failure.ts';
import { CONFIG, Mind } from '../../unit/agent/policy/keepalive/mind.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WATCHDOG_MS = 90_000;
const SEEDS = process.env.TEST_SEED === undefined ? [1, 2, 3] : [Number(process.env.TEST_SEED)];
const KINDS: readonly ConnectFailureKind[] = [
  'network',
  'name-not-found',
  'timeout',
  'tls',
  'refused',
  'no-answer',
];
/** A failure of the device's own network comes at once; others after a wait. */
const SLOWEST_MS = CONFIG.connectTimeoutSeconds * 1000;

/** The mind under a service manager that would kill it; it writes nothing down but counts, so that only policy grows. */
class WatchedMind extends Mind {
  notices = 0;
  warnings = 0;
  connected = 0;
  killAt = Number.POSITIVE_INFINITY;
  #told = NOTHING_TOLD;
  readonly #random: Random;

  constructor(random: Random) {
    super(CONFIG, { random });
    this.#random = random;
  }

  override tell(event: KeepaliveEvent): readonly KeepaliveEffect[] {
    assert.ok(this.now < this.killAt, `killed at ${this.killAt} ms, before ${event.kind} at ${this.now} ms`);
    const { state, effects, wakeAt } = keepaliveStep(this.state, event, this.now, this.config, this.#random);
    this.state = state;
    this.wakeAt = wakeAt;
    for (const effect of effects) {
      if (effect.kind === 'readVitals') this.tell({ kind: 'vitalsRead', power: this.power, signalDbm: null });
      if (effect.kind === 'log' && effect.level !== 'debug') this.warnings += 1;
      if (effect.kind === 'connect') this.connected += 1;
    }
    const step = noticeStep(this.#told, this.state, this.wakeAt, this.now, this.config, WATCHDOG_MS);
    this.#told = step.state;
    if (step.text !== null) this.notices += 1;
    const usec = /^WATCHDOG_USEC=(\d+)$/m.exec(step.text ?? '')?.[1];
    if (usec !== undefined) this.killAt = this.now + Number(usec) / 1000;
    return effects;
  }
}

/** Connects, learns a little, and then loses everything for so long. */
function offline(mind: WatchedMind, random: Random, ms: number): void {
  const until = mind.now + ms;
  mind.tell({ kind: 'addressesChanged', local: 'gone', route: 'none' });
  while (mind.now < until) {
    if (mind.state.reconnect.phase === 'connecting') {
      const kind = KINDS[Math.floor(random() * KINDS.length)] as ConnectFailureKind;
      if (kind !== 'network') mind.now += random() * SLOWEST_MS;
      mind.tell({ kind: 'connectFailed', failure: { kind, message: `it failed: ${kind}` } });
    } else {
      mind.passUntil(mind.wakeAt ?? assert.fail('it waits for nothing, and would stay offline for ever'));
    }
    if (random() < 0.05)
      mind.tell({ kind: 'addressesChanged', local: 'gone', route: random() < 0.5 ? 'kept' : 'none' });
    if (random() < 0.02) mind.tell({ kind: 'resumed', asleepMs: 5000 });
  }
}

function begun(random: Random): WatchedMind {
  const mind = new WatchedMind(random);
  mind.begin();
  while (mind.now < HOUR) mind.answerNext();
  return mind;
}

function heapAfterGc(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

for (const seed of SEEDS) {
  it(`is told in few lines and notices, and ends with the first connect that works (seed ${seed})`, (t) => {
    const random = seededRandom(seed);
    const mind = begun(random);
    const said = [mind.notices, mind.warnings, mind.connected];
    const sizes: number[] = [];
    for (let hour = 0; hour < 24; hour += 1) {
      offline(mind, random, HOUR);
      sizes.push(JSON.stringify(mind.state).length);
    }
    const [notices, warnings, connects] = [mind.notices, mind.warnings, mind.connected].map(
      (count, n) => count - (said[n] ?? 0),
    );
    t.diagnostic(
      `${connects} connects, ${warnings} lines above debug, ${notices} notices; state up to ${Math.max(...sizes)} characters`,
    );
    assert.ok(Number(connects) < DAY / 1000 / 30, `${connects} connects`);
    assert.ok(Number(warnings) < 60, `${warnings} lines`);
    // Each notice of another failure is a line of STATUS=; none is due to the watchdog beyond one a step.
    assert.ok(Number(notices) <= 2 * Number(connects) + 10, `${notices} notices for ${connects} connects`);
    // The lapse that began it has changed what is believed; what comes after teaches nothing.
    assert.ok(Math.max(...sizes) < Number(sizes[0]) + 1000, `the state grows: ${sizes.join(', ')}`);
    while (mind.state.reconnect.phase !== 'connecting') mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.up();
    mind.answerNext();
    assert.equal(mind.state.reconnect.phase, 'up');
  });
}

it('takes no more memory after eight days than after one, nor after 4,000 probes than after 400', (t) => {
  const random = seededRandom(7);
  const mind = begun(random);
  offline(mind, random, DAY);
  const early = heapAfterGc();
  offline(mind, random, 7 * DAY);
  const late = heapAfterGc();
  while (mind.state.reconnect.phase !== 'connecting') mind.passUntil(mind.wakeAt ?? assert.fail());
  mind.up();
  for (let probe = 0; probe < 400; probe += 1) mind.answerNext();
  const few = heapAfterGc();
  for (let probe = 0; probe < 3600; probe += 1) mind.answerNext();
  const many = heapAfterGc();
  t.diagnostic(`offline ${late - early} bytes more; 3,600 probes ${many - few} bytes more`);
  assert.ok(late - early < 500_000, `${late - early} bytes`);
  assert.ok(many - few < 500_000, `${many - few} bytes`);
});
