import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRACE_MS, newWorld } from './world.ts';

const DEVICES = 1000;
const HOUR_MS = 3_600_000;

interface SimulatedDevice {
  readonly name: string;
  readonly promisedSeconds: number;
  readonly count: number;
  readonly killedMs: number;
  lastProbeMs: number;
}

for (const seed of [1, 20_260, 3_141_592, 987_654_321]) {
  test(`of ${DEVICES} devices each killed one is flagged in time and once, no other is (seed ${seed})`, (t) => {
    const { agenda, random, monitor } = newWorld(seed, () => undefined);
    const within = (low: number, high: number) => low + random() * (high - low);
    monitor.tell((watch, now) => watch.trust('link-lost', now));
    const devices: SimulatedDevice[] = [];
    for (let n = 0; n < DEVICES; n += 1) {
      const device: SimulatedDevice = {
        name: `device-${n}`,
        promisedSeconds: Math.round(10 ** within(0.7, 3.1)),
        count: 1 + Math.floor(random() * 5),
        killedMs: random() < 0.6 ? within(0.1, 2) * HOUR_MS : Number.POSITIVE_INFINITY,
        lastProbeMs: 0,
      };
      devices.push(device);
      start(device);
    }

    function start(device: SimulatedDevice): void {
      const { promisedSeconds: intervalSeconds, count, name } = device;
      agenda.at(within(0, 60_000), () => {
        device.lastProbeMs = agenda.nowMs;
        const status = {
          ...{ state: 'online' as const, epoch: 1, intervalSeconds, count, reason: '', agentVersion: '' },
          ...{ network: null, groups: [], configurationVersion: null },
          counters: { probes: 0, reconnects: 0, lapses: 0 },
        };
        monitor.tell((watch, now) => watch.statusHeard(name, status, false, now));
        probeLater(device);
      });
    }

    // Mostly at the end of the promise, at times earlier, as with application traffic to ride along with.
    function probeLater(device: SimulatedDevice): void {
      const early = random() < 0.2 ? within(0.5, 1) : 1;
      agenda.after(device.promisedSeconds * 1000 * early, () => {
        if (agenda.nowMs >= device.killedMs) return;
        device.lastProbeMs = agenda.nowMs;
        const { promisedSeconds } = device;
        const probe = { promisedSeconds, repeat: false, externalPower: false, vitals: null };
        monitor.tell((watch, now) => watch.probeHeard(device.name, probe, now));
        probeLater(device);
      });
    }

    // Long enough for the slowest: 1,259 s × 5 after two hours.
    monitor.run(4 * HOUR_MS);
    const deaths = monitor.transitions.filter(({ to }) => to === 'dead');
    let slowestMs = 0;
    for (const device of devices) {
      const flagged = deaths.filter((death) => death.device === device.name);
      assert.equal(flagged.length, device.killedMs < Number.POSITIVE_INFINITY ? 1 : 0, device.name);
      const [death] = flagged;
      if (death === undefined) continue;
      const timeoutMs = device.promisedSeconds * device.count * 1000;
      const silentMs = monitor.msOf(death) - device.lastProbeMs;
      assert.ok(silentMs >= timeoutMs, `${device.name} flagged ${timeoutMs - silentMs} ms early`);
      assert.ok(
        silentMs <= timeoutMs + GRACE_MS + 1000,
        `${device.name} flagged late: ${silentMs - timeoutMs} ms`,
      );
      slowestMs = Math.max(slowestMs, silentMs - timeoutMs - GRACE_MS);
    }
    assert.equal(monitor.opened.length, deaths.length);
    assert.equal(new Set(monitor.opened.map(({ id }) => id)).size, deaths.length);
    assert.deepEqual(monitor.resolved, []);
    t.diagnostic(
      `seed ${seed}: ${deaths.length} killed, slowest ${Math.round(slowestMs)} ms after keepalive_timeout + grace`,
    );
  });
}
