/** A start after any downtime: the living live on, the dead stay dead, no alert is told twice. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import type { Alert, DeviceRecord, DeviceState } from '../../../../monitor/policy/device.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import type { Status } from '../../../../protocol/status.ts';
import { at, listening, probe, record, run, SETTINGS, status, told, wall } from './fixtures.ts';

const DOWNTIMES = { seconds: 5, minutes: 600, days: 3 * 86_400, 'a clock set back': -86_400 };
const STATES: readonly DeviceState[] = ['unknown', 'alive', 'late', 'dead', 'left'];
/** What the broker retains of the device: nothing, its session as known, or a later one. */
const RETAINED: Readonly<Record<string, Partial<Status> | null>> = {
  nothing: null,
  'the same session online': { state: 'online' },
  'its will': { state: 'offline' },
  'its goodbye': { state: 'leaving' },
  'a later session online': { state: 'online', epoch: 6 },
  "a later session's will": { state: 'offline', epoch: 6 },
  'a stale will': { state: 'offline', epoch: 4 },
};

function alertOf(device: DeviceRecord): Alert[] {
  if (device.state !== 'dead') return [];
  const { groups, network, lastHeardMs, stateSinceMs: openedMs } = device;
  return [
    {
      ...{ id: 'a:7', device: 'a', groups, network, openedMs, resolvedMs: null, lastHeardMs },
      ...{ keepaliveTimeoutSeconds: 90, summary: 'a is silent' },
    },
  ];
}

for (const [downtime, downSeconds] of Object.entries(DOWNTIMES)) {
  for (const state of STATES) {
    for (const [retains, said] of Object.entries(RETAINED)) {
      const known = record({
        state,
        lastHeardMs: wall(-downSeconds),
        stateSinceMs: wall(-downSeconds - (state === 'left' ? 0 : 60)),
      });
      const start = (): { watch: Watch; alerts: Alert[] } => {
        const watch = new Watch(SETTINGS, [known], alertOf(known), at(0));
        watch.trust('link-lost', at(1));
        const alerts = said === null ? [] : [...watch.statusHeard('a', status(said), true, at(1.5)).alerts];
        return { watch, alerts };
      };
      const leaves = said?.state === 'leaving' || (state === 'left' && (said?.epoch ?? 0) <= 5);

      describe(`down for ${downtime}, ${state}, the broker retains ${retains}`, () => {
        it('a device that lives is never dead', () => {
          const { watch, alerts } = start();
          const steps = run(watch, 1.5, 88).map(({ step }) => step);
          steps.push(watch.probeHeard('a', probe(), at(88)));
          assert.deepEqual(
            told(...steps).filter((text) => text.includes('>dead')),
            [],
          );
          assert.equal(watch.view('a')?.state, 'alive');
          const opened = [...alerts, ...steps.flatMap((step) => step.alerts)];
          // Who was dead and is back is resolved, once, under the alert that was open.
          assert.deepEqual(
            opened.map(({ id, resolvedMs }) => [id, resolvedMs !== null]),
            state === 'dead' ? [['a:7', true]] : [],
          );
        });

        it('a device that is silent is dead after a whole timeout, alerted once in all', () => {
          const { watch, alerts } = start();
          const steps = run(watch, 1.5, 1000);
          const deaths = steps.filter(({ step }) => told(step).some((text) => text.includes('>dead')));
          const opened = [...alerts, ...steps.flatMap(({ step }) => step.alerts)];
          const isNews = state !== 'dead' && !leaves;
          assert.equal(deaths.length, isNews ? 1 : 0);
          for (const { seconds } of deaths) assert.ok(seconds >= 93, `dead at ${seconds} s`);
          assert.equal(opened.filter(({ resolvedMs }) => resolvedMs === null).length, isNews ? 1 : 0);
          if (!leaves) assert.equal(watch.record('a')?.state, 'dead');
          else assert.equal(watch.record('a')?.state, state === 'dead' && said === null ? 'dead' : 'left');
        });
      });
    }
  }
}

test('until it is heard, or lapses, a device known from before is unknown; that costs no write', () => {
  const records = [
    record({ device: 'a' }),
    record({ device: 'l', state: 'late' }),
    record({ device: 'd', state: 'dead' }),
    record({ device: 'g', state: 'left' }),
  ];
  const watch = listening(records);
  assert.deepEqual(watch.counts(), { unknown: 2, alive: 0, late: 0, dead: 1, left: 1 });
  assert.equal(watch.view('a')?.state, 'unknown');
  assert.deepEqual(watch.probeHeard('a', probe(), at(1)).saves, []);
  assert.equal(watch.view('a')?.state, 'alive');
  assert.deepEqual(told(watch.probeHeard('l', probe(), at(1))), ['l late>alive probe-heard']);
  assert.deepEqual(watch.counts(), { unknown: 0, alive: 2, late: 0, dead: 1, left: 1 });
});

test('facts that a replayed status adds do not prove that a device lives', () => {
  const watch = listening([record()]);
  const step = watch.statusHeard('a', status({ reason: 'other' }), true, at(1));
  assert.equal(step.saves.length, 1);
  assert.equal(watch.view('a')?.state, 'unknown');
});

test('a long doubt makes those unknown that are not heard after it; a short one nobody', () => {
  const watch = listening();
  for (const name of ['a', 'b']) watch.probeHeard(name, probe(), at(0));
  watch.doubt('link-lost', at(5));
  watch.trust('link-lost', at(5 + SETTINGS.graceSeconds));
  assert.equal(watch.counts().unknown, 0);
  watch.doubt('link-lost', at(10));
  assert.equal(watch.counts().unknown, 0);
  watch.trust('link-lost', at(60));
  assert.deepEqual(watch.counts(), { unknown: 2, alive: 0, late: 0, dead: 0, left: 0 });
  watch.probeHeard('b', probe(), at(61));
  assert.equal(watch.view('b')?.state, 'alive');
  run(watch, 61, 61 + 32);
  assert.equal(watch.view('a')?.state, 'late');
});

test('a device known from a retained status alone is unknown, then late and asked once, then dead', () => {
  const watch = listening();
  watch.statusHeard('a', status(), true, at(1));
  assert.equal(watch.view('a')?.state, 'unknown');
  assert.equal(watch.counts().unknown, 1);
  const steps = run(watch, 1, 200).map(({ step }) => step);
  assert.deepEqual(told(...steps), ['a unknown>late promise-lapsed', 'a late>dead timeout-lapsed']);
  assert.deepEqual(
    steps.flatMap(({ asks }) => asks),
    ['a'],
  );
});

test('of a fleet that was taken up not everybody is looked at in the same moment', () => {
  const devices = Array.from({ length: 50_000 }, (_, n) => record({ device: `d${n}` }));
  const watch = new Watch(SETTINGS, devices, [], at(0));
  watch.trust('link-lost', at(0));
  for (const { device } of devices) watch.probeHeard(device, probe(), at(10));
  let wakes = 0;
  for (let now = at(10); now.monotonicMs < at(33).monotonicMs; wakes += 1) {
    watch.advance(now);
    const wakeAtMs = watch.wakeAtMs(now) ?? Number.NaN;
    assert.ok(wakeAtMs > now.monotonicMs, 'nobody is left over for a second look at the same moment');
    now = { monotonicMs: wakeAtMs, wallMs: now.wallMs + wakeAtMs - now.monotonicMs };
  }
  assert.ok(wakes > 100, `${wakes}`);
  assert.equal(watch.counts().alive, devices.length);
});
