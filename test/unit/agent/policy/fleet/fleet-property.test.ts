/** Whatever is heard, and whatever happens to link, clock, flash and power, in any order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_ATTEMPTS } from '../../../../../agent/policy/fleet/checks.ts';
import { CONFIG, Device, documentOf, hashOf, PLAN } from './device.ts';

type Act = (device: Device) => Device | undefined;

const TARGETS = [
  { kind: 'group', name: 'pilot' },
  { kind: 'device', name: 'pump-17' },
  { kind: 'group', name: 'others' },
] as const;

/** Few, so that each is heard again and again. */
const document = fc
  .record({ target: fc.constantFrom(...TARGETS), version: fc.constantFrom(1, 1, 1, 2, 3) })
  .map((change) => documentOf({ ...change, confirmWithinSeconds: 30 * change.version }));

const act =
  (change: (device: Device) => void): Act =>
  (device) => {
    change(device);
    return undefined;
  };

const acts: fc.Arbitrary<Act> = fc.oneof(
  // The power goes in the middle of a trial.
  {
    weight: 4,
    arbitrary: document.map(
      (each): Act =>
        (device) =>
          device.connect(each).restarted(),
    ),
  },
  { weight: 4, arbitrary: document.map((each) => act((device) => device.connect(each))) },
  { weight: 4, arbitrary: document.map((each) => act((device) => device.hear(each))) },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom('acked', 'refused', 'none')
      .map((answer) => act((device) => device.probe(answer as 'acked'))),
  },
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 90 }).map((seconds) => act((device) => device.pass(seconds))),
  },
  { weight: 2, arbitrary: fc.constant(act((device) => device.passTrial())) },
  { weight: 2, arbitrary: fc.constant(act((device) => device.lose())) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('network', 'refused', 'tls')
      .map((kind) => act((device) => device.failToConnect(kind as 'tls'))),
  },
  { weight: 5, arbitrary: fc.constant<Act>((device) => device.restarted()) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: -1e6, max: 1e6 })
      .map((by) => act((device) => Object.assign(device, { wallSeconds: device.wallSeconds + by }))),
  },
  {
    weight: 1,
    arbitrary: fc
      .subarray(['candidate', 'confirmed', 'record'] as const)
      .map((failing) => act((device) => Object.assign(device, { failing }))),
  },
  {
    weight: 1,
    arbitrary: fc
      .boolean()
      .map((reconnects) =>
        act((device) => Object.assign(device, { checked: { ok: true, plan: { ...PLAN, reconnects } } })),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      act((device) => Object.assign(device, { checked: { ok: false, refusal: 'bad-setting', detail: '' } })),
    ),
  },
);

/** What must be so after every act. */
function assertSound(device: Device): void {
  const { trial, recovery, record } = device.state;
  assert.ok(trial === null || recovery === null);
  const confirmed = new Map(record.confirmed.map((heard) => [heard.target, heard.document.version]));
  if (trial !== null) {
    assert.equal(device.flash.candidate?.heard.hash, trial.heard.hash, 'tried, and not on flash');
    assert.ok(trial.deadlineAt - trial.startedAt < trial.heard.document.confirmWithinSeconds * 1000);
    assert.ok(device.nowMs < trial.deadlineAt || device.wakeAt !== null);
    confirmed.set(trial.heard.target, trial.heard.document.version);
  }
  // What runs is last-good, or last-good and what is on trial.
  if (device.applied.length > 0) {
    const expected = [...CONFIG.groups.map((name) => `group:${name}`), `device:${CONFIG.device}`].flatMap(
      (target) => (confirmed.has(target) ? [`${target} v${confirmed.get(target)}`] : []),
    );
    assert.deepEqual(device.inForce, expected);
  }
  for (const {
    target,
    document: { version },
  } of record.confirmed) {
    assert.ok(version <= (record.accepted[target]?.version ?? 0), 'confirmed, and never accepted');
  }
}

test('only what is on flash is tried, only what passed stays, versions never go back, attempts are few', () => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 60, size: 'max' }), (sequence) => {
      let device = new Device().connect();
      const tried = new Map<string, number>();
      let seen = 0;
      let versions = new Map<string, number>();
      for (const next of sequence) {
        const before = device;
        device = next(device) ?? device;
        // What happened before the power went counts as well.
        const effects =
          before === device ? device.effects.slice(seen) : [...before.effects.slice(seen), ...device.effects];
        for (const effect of effects) {
          if (effect.kind !== 'log' || effect.event !== 'configurationTrying') continue;
          const hash = String(effect.fields.hash);
          tried.set(hash, (tried.get(hash) ?? 0) + 1);
        }
        seen = device.effects.length;
        assertSound(device);
        const now = new Map(device.flash.confirmed.map((heard) => [heard.target, heard.document.version]));
        for (const [target, version] of versions) assert.ok((now.get(target) ?? 0) >= version, target);
        versions = now;
      }
      for (const [hash, times] of tried) assert.ok(times <= MAX_ATTEMPTS, `${hash}: ${times}`);
      assert.ok(!tried.has(hashOf(documentOf({ target: TARGETS[2] }))));
    }),
    { numRuns: 500 },
  );
});

test('once the network is well, a device is at rest within the time of its documents', () => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 40, size: 'max' }), (sequence) => {
      let device = new Device().connect();
      for (const next of sequence) device = next(device) ?? device;
      device.failing = [];
      device.connect();
      for (let turn = 0; turn < 12 && (device.state.trial ?? device.state.recovery) !== null; turn += 1) {
        device.probe();
        device.pass(300);
        if (!device.state.linkUp) device.connect();
        device.probe();
      }
      assert.equal(device.state.trial, null);
      assert.equal(device.state.recovery, null);
      assert.deepEqual(device.state.waiting, []);
      assert.equal(device.wakeAt, null, 'at rest it wakes nobody');
      assert.equal(device.state.reportDue, false);
    }),
    { numRuns: 300 },
  );
});
