import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { devices, IncidentBench } from './incident-bench.ts';

const NETWORKS = [null, 'n1', 'n2', 'n3', 'n4'] as const;
const GROUPS = [[], ['g'], ['g', 'h']] as const;
const SIZE = 40;

/** Where each device is, and how it behaves. */
const fleet = fc.array(
  fc.record({
    network: fc.constantFrom(...NETWORKS),
    groups: fc.constantFrom(...GROUPS),
    promisedSeconds: fc.constantFrom(10, 30, 90),
    count: fc.constantFrom(1, 2, 3),
  }),
  { minLength: SIZE, maxLength: SIZE },
);

const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), network: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mend' as const), network: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('toggle' as const), device: fc.nat(SIZE - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

test('whoever is dead was told, or is in exactly one open incident, through outages, returns and restarts', () => {
  fc.assert(
    fc.property(fleet, fc.array(event, { minLength: 3, maxLength: 25 }), (places, events) => {
      const all = places.flatMap((place, n) => devices(`d${n}-`, 1, place));
      const bench = new IncidentBench(all, { minDevices: 4, fleetMinDevices: 8, windowSeconds: 300 });
      const silent = new Set<string>();
      const talking = (): void => {
        for (const { device, promisedSeconds } of all) {
          if (!silent.has(device)) bench.hear([device], promisedSeconds);
        }
      };
      for (const happening of events) {
        if (happening.kind === 'cut' || happening.kind === 'mend') {
          const network = NETWORKS[happening.network];
          for (const { device, network: own } of all) {
            if (own !== network) continue;
            if (happening.kind === 'cut') silent.add(device);
            else silent.delete(device);
          }
        } else if (happening.kind === 'toggle') {
          const device = all[happening.device]?.device ?? '';
          if (!silent.delete(device)) silent.add(device);
        } else if (happening.kind === 'restart') bench.restart();
        else {
          for (let left = happening.seconds; left > 0; left -= 5) {
            talking();
            bench.pass(Math.min(5, left));
          }
        }
        checkStanding(bench);
      }
      checkMessages(bench);
      // Everybody comes back: nothing stays open.
      silent.clear();
      for (let n = 0; n < 70; n += 1) {
        talking();
        bench.pass(5);
      }
      assert.equal(bench.alerts.size, 0);
      assert.deepEqual(bench.watch.openIncidents(), []);
      checkMessages(bench);
      assert.equal(countOf(bench, 'opened'), countOf(bench, 'resolved'));
    }),
    { numRuns: 25 },
  );
});

function checkStanding(bench: IncidentBench): void {
  let members = 0;
  for (const { device, state } of bench.watch.records()) {
    const { alone, incidents } = bench.standing(device);
    if (state !== 'dead') assert.deepEqual({ alone, incidents }, { alone: false, incidents: [] }, device);
    else {
      assert.ok(alone || incidents.length === 1, `${device} is dead and nobody knows`);
      assert.ok(incidents.length <= 1, `${device} is in ${incidents.join(' and ')}`);
    }
    members += incidents.length;
  }
  const counted = bench.watch
    .openIncidents()
    .reduce((sum, { incident }) => sum + incident.memberCount - incident.aliveAgainCount, 0);
  assert.equal(counted, members, 'counts agree with the alerts');
}

/** Nothing is told twice, and everything that was opened is resolved once, after it. */
function checkMessages({ told, keys }: IncidentBench): void {
  assert.equal(new Set(keys).size, keys.length, 'a key for each message');
  const alerts = told.filter((text) => !text.includes('/'));
  assert.equal(new Set(alerts).size, alerts.length);
  for (const [index, text] of alerts.entries()) {
    if (text.startsWith('resolved'))
      assert.ok(alerts.slice(0, index).includes(text.replace('resolved', 'opened')), text);
  }
}

function countOf({ told }: IncidentBench, event: string): number {
  return told.filter((text) => text.startsWith(event)).length;
}
