/** A small version of `npm run bench:reliability`: much goes wrong in a few days, nobody is wrongly flagged by us. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broker } from '../../../bench/reliability/broker.ts';
import { SimulatedDevice } from '../../../bench/reliability/device.ts';
import { SimulatedMonitor } from '../../../bench/reliability/monitor.ts';
import { INCIDENTS, LIVENESS, simulate } from '../../../bench/reliability/simulate.ts';
import { EventQueue } from '../../../bench/world/event-queue.ts';
import { seededRandom } from '../../../bench/world/seeded-random.ts';

const HOUR_MS = 3_600_000;

for (const seed of [1, 2, 3]) {
  test(`three days of trouble twenty times the usual: no false flag of our own making (seed ${seed})`, (t) => {
    const scores = simulate({ seed, devices: 150, days: 3, trouble: 20 });
    assert.equal(scores.ownFalseFlags, 0);
    // That much trouble must have shown: devices died, the monitor doubted itself, the carrier cut some off.
    assert.ok(scores.detected > 40, `${scores.detected} deaths flagged`);
    assert.ok(scores.doubtShare > 0.005, `in doubt ${scores.doubtShare}`);
    assert.ok(scores.detectionP50Timeouts < 1.05, `detected after ${scores.detectionP50Timeouts} timeouts`);
    t.diagnostic(`seed ${seed}: ${JSON.stringify(scores)}`);
  });
}

test('a carrier that is away for an hour wakes people once, and all its devices are flagged meanwhile', () => {
  const queue = new EventQueue();
  const random = seededRandom(7);
  const broker = new Broker(queue, random);
  const devices = new Map<string, SimulatedDevice>();
  const alerts: string[] = [];
  const incidents: string[] = [];
  const dead = new Map<string, number>();
  const monitor = new SimulatedMonitor({
    ...{ liveness: LIVENESS, incidents: INCIDENTS, queue, broker, random },
    onTransition: ({ device, to }, atMs) => to === 'dead' && dead.set(device, atMs),
    onAlert: ({ device }) => alerts.push(device),
    onIncident: ({ event, incident }) => incidents.push(`${event} ${incident.scope.name}`),
    ask: (name) => queue.after(300, () => devices.get(name)?.asked()),
    replay: () => {},
  });
  const world = { queue, broker, monitor, random, retained: new Map() };
  const carriers = ['a', 'b', 'c'].map((name) => ({
    ...{ name, jitterMs: 100, downFromMs: Number.NEGATIVE_INFINITY, downUntilMs: Number.NEGATIVE_INFINITY },
  }));
  for (const carrier of carriers) {
    for (let n = 0; n < 100; n += 1) {
      const device = new SimulatedDevice(`${carrier.name}${n}`, 300 + 9 * n, carrier, world);
      devices.set(device.name, device);
      device.due(10_000 + random() * 300_000);
    }
  }
  monitor.start();
  const [fallen] = carriers;
  assert.ok(fallen);
  // One that is not of the fallen network dies meanwhile: it is told by itself, and no later.
  queue.at(2 * HOUR_MS, () => Object.assign(fallen, { downFromMs: queue.now, downUntilMs: 3 * HOUR_MS }));
  queue.at(2.5 * HOUR_MS, () => devices.get('b5')?.die());
  queue.runUntil(5 * HOUR_MS);
  assert.deepEqual(incidents, ['opened a', 'resolved a']);
  assert.deepEqual(alerts, ['b5']);
  const patienceMs = (300 + 9 * 5) * 3000 + (LIVENESS.maxGraceSeconds ?? 0) * 1000 + 3000;
  assert.ok((dead.get('b5') ?? Number.NaN) <= 2.5 * HOUR_MS + patienceMs, `${dead.get('b5')}`);
  const flagged = [...dead.keys()].filter((name) => name.startsWith('a'));
  // Everybody whose timeout, 15 minutes to an hour, ended with certainty before the carrier was back.
  for (let n = 0; n < 90; n += 1) assert.ok(flagged.includes(`a${n}`), `a${n}`);
});
