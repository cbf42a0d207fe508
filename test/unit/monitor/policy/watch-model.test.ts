import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SLOT_MS } from '../../../../monitor/policy/deadline-wheel.ts';
import type { Alert, DeviceRecord } from '../../../../monitor/policy/device.ts';
import { type Now, type Step, Watch } from '../../../../monitor/policy/watch.ts';
import { EPOCH_MS, probe, SETTINGS, status } from './fixtures.ts';
import { alertText, ReferenceWatch, type Told } from './reference-watch.ts';

// Every deadline falls on the edge of a slot, so that the two must agree to the millisecond.
const GRACE_MS = 16 * SLOT_MS;
const PROMISES = [16, 32, 48, 160] as const;

const device = fc.constantFrom('a', 'b', 'c', 'd');
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('probe' as const),
      device,
      promised: fc.constantFrom(...PROMISES),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      device,
      said: fc.constantFrom('online' as const, 'offline' as const, 'leaving' as const),
      retained: fc.boolean(),
      epochStep: fc.constantFrom(-1, 0, 0, 1),
      promised: fc.constantFrom(...PROMISES),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), slots: fc.oneof(fc.nat(200), fc.nat(6000)) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('doubt' as const, 'trust' as const, 'trust' as const),
      reason: fc.constantFrom('link-lost' as const, 'link-lost' as const, 'store-failing' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

/** The two clocks share no origin. */
function at(ms: number): Now {
  return { monotonicMs: 1_000_000 + ms, wallMs: EPOCH_MS + ms };
}

/** The watch with a shell and a store of a few lines around it. */
class Bench {
  readonly told: Told[] = [];
  readonly asked: string[] = [];
  readonly alerts: string[] = [];
  readonly #store = new Map<string, DeviceRecord>();
  readonly #open = new Map<string, Alert>();
  readonly #settings = { ...SETTINGS, graceSeconds: GRACE_MS / 1000 };
  watch = new Watch(this.#settings, [], [], at(0));
  ms = 0;

  take(step: Step): void {
    for (const { device: name, from, to, cause, atMs, lastHeardMs } of step.transitions) {
      this.told.push({ ms: this.ms, text: `${name} ${from ?? 'new'}>${to} ${cause}` });
      const saved = step.saves.filter((record) => record.device === name);
      assert.equal(saved.length, 1, 'one record a device and step');
      assert.equal(saved[0]?.state, to);
      assert.deepEqual([atMs, lastHeardMs], [EPOCH_MS + this.ms, saved[0]?.lastHeardMs]);
    }
    for (const record of step.saves) this.#store.set(record.device, record);
    for (const alert of step.alerts) {
      this.alerts.push(alertText(alert));
      if (alert.resolvedMs === null) this.#open.set(alert.device, alert);
      else this.#open.delete(alert.device);
    }
    this.asked.push(...step.asks);
  }

  passTo(ms: number): void {
    for (;;) {
      const wakeMs = this.watch.wakeAtMs(at(this.ms));
      if (wakeMs === null || wakeMs > at(ms).monotonicMs) break;
      this.ms = wakeMs - at(0).monotonicMs;
      this.take(this.watch.advance(at(this.ms)));
    }
    this.ms = ms;
  }

  restart(): void {
    this.watch = new Watch(this.#settings, this.#store.values(), this.#open.values(), at(this.ms));
  }
}

test('against a plain model: same transitions, alerts, asks and records, through doubts and restarts', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 5, maxLength: 80 }), (events) => {
      const bench = new Bench();
      const model = new ReferenceWatch(GRACE_MS);
      for (const happening of [{ kind: 'trust' as const, reason: 'link-lost' as const }, ...events]) {
        const now = at(bench.ms);
        if (happening.kind === 'probe') {
          bench.take(bench.watch.probeHeard(happening.device, probe(happening.promised), now));
          model.probe(happening.device, happening.promised);
        } else if (happening.kind === 'status') {
          const said = status({
            state: happening.said,
            epoch: model.epochOf(happening.device) + happening.epochStep,
            intervalSeconds: happening.promised,
            // A deadline moved into the past comes due with the next slot, where the model has it lapse at once.
            count: happening.retained
              ? Math.max(happening.count, model.facts(happening.device)?.count ?? 1)
              : happening.count,
          });
          const step = bench.watch.statusHeard(happening.device, said, happening.retained, now);
          bench.take(step);
          assert.equal(step.refusal === null, model.status(happening.device, said, happening.retained));
        } else if (happening.kind === 'wait') {
          // At least a slot, in which a deadline that has become past can come due.
          const ms = bench.ms + (happening.slots + 1) * SLOT_MS;
          bench.passTo(ms);
          model.passTo(ms);
        } else if (happening.kind === 'restart') {
          bench.restart();
          model.restart();
        } else {
          bench.watch[happening.kind](happening.reason, now);
          model[happening.kind](happening.reason);
        }
        for (const name of ['a', 'b', 'c', 'd']) {
          const record = bench.watch.record(name);
          assert.deepEqual(record && pickFacts(record), model.facts(name));
        }
      }
      const byTime = (left: Told, right: Told) => left.ms - right.ms || left.text.localeCompare(right.text);
      assert.deepEqual(bench.told.sort(byTime), model.told.sort(byTime));
      assert.deepEqual(bench.alerts.sort(), model.alerts.sort());
      assert.deepEqual(bench.asked.sort(), model.asked.sort());
    }),
    { numRuns: 1500 },
  );
});

function pickFacts(record: DeviceRecord): Partial<DeviceRecord> {
  const { state, sequence, epoch, promisedSeconds, count, lastHeardMs } = record;
  return { state, sequence, epoch, promisedSeconds, count, lastHeardMs };
}
