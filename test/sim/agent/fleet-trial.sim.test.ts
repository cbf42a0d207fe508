/**
 * Pushed settings over hours: paths that forget, brokers that go, clocks that are set, power that is cut. Whatever
 * happens, the device comes back, and never runs for longer than `confirm_within` on what it has not confirmed.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { between, chooseSeed, pick, seeded } from '../../unit/protocol/seeded.ts';
import { World } from './fleet-world.ts';

const RUNS = 25;
const CONFIRM_WITHIN_SECONDS = 300;
const PATH_LIMIT_MS = 50_000;

function begin(t: TestContext, seed: number): World {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const world = new World({ tick: (ms) => t.mock.timers.tick(ms) }, seeded(seed), 20);
  world.boot();
  return world;
}

const fate = (world: World): string => {
  const last = world.reports.at(-1)?.last;
  return `${last?.state} ${last?.reason ?? ''}`.trim();
};

test('an interval that the path does not last is taken back, one that it lasts is confirmed', async (t) => {
  const world = begin(t, 1);
  world.pathLimitMs = PATH_LIMIT_MS;
  await world.pass(60);
  world.push({ intervalSeconds: 60 }, 1, CONFIRM_WITHIN_SECONDS);
  await world.pass(CONFIRM_WITHIN_SECONDS + 60);
  assert.equal(fate(world), 'rolled-back no-answers');
  assert.deepEqual(world.settings, {});
  const connects = world.epochs.length;
  world.push({ intervalSeconds: 40 }, 2, CONFIRM_WITHIN_SECONDS);
  await world.pass(CONFIRM_WITHIN_SECONDS);
  assert.equal(fate(world), 'confirmed');
  assert.equal(world.epochs.length, connects, 'no reconnect');
});

test('a clock that is set during a trial moves neither its end nor its outcome', async (t) => {
  for (const jump of [-40_000_000, -3600, 3600, 4_000_000_000]) {
    const world = begin(t, 2);
    await world.pass(30);
    world.push({ broker: 'wrong' }, 1, 60);
    await world.pass(10);
    const began = world.applied[0]?.atMs ?? Number.NaN;
    world.wallSeconds += jump;
    await world.pass(120);
    const ended = world.applied[1]?.atMs ?? Number.NaN;
    assert.ok(ended - began > 58_000 && ended - began <= 60_000, `${jump}: ${ended - began} ms`);
    assert.equal(fate(world), 'rolled-back no-connection');
    world.push({ intervalSeconds: 15 }, 2, 60);
    await world.pass(10);
    world.wallSeconds -= jump;
    await world.pass(60);
    assert.match(fate(world), jump > 1e9 ? /^(confirmed|refused expired)$/ : /^confirmed$/, String(jump));
    t.mock.timers.reset();
  }
});

test('a broker that is away over the end of a trial is not held against the settings', async (t) => {
  const world = begin(t, 3);
  await world.pass(30);
  world.push({ intervalSeconds: 15 }, 1, 60);
  await world.pass(20);
  world.brokerUp = false;
  await world.pass(600);
  assert.deepEqual(world.settings, {});
  world.brokerUp = true;
  await world.pass(900);
  assert.equal(fate(world), 'confirmed');
  assert.equal(world.reports.at(-1)?.last?.attempt, 2);
});

/** One device through half a day of trouble, with one good and one bad document. */
async function live(world: World, random: () => number): Promise<void> {
  const trouble = [
    async () => {
      world.brokerUp = false;
      await world.pass(between(random, 5, 900));
      world.brokerUp = true;
    },
    async () => {
      world.cut();
      await world.pass(between(random, 1, 120));
      world.boot();
    },
    async () => {
      world.wallSeconds += between(random, -100_000, 100_000);
    },
    async () => {
      world.pathLimitMs = pick(random, [25_000, PATH_LIMIT_MS, Number.POSITIVE_INFINITY]);
    },
  ];
  const documents = [
    { intervalSeconds: 15 },
    { intervalSeconds: 90 },
    { broker: 'wrong' },
    { intervalSeconds: 60 },
  ] as const;
  for (let version = 1; version <= 3; version += 1) {
    world.push(pick(random, documents), version, CONFIRM_WITHIN_SECONDS);
    for (let troubles = between(random, 0, 4); troubles > 0; troubles -= 1) {
      await world.pass(between(random, 1, 400));
      await pick(random, trouble)();
    }
    await world.pass(between(random, 0, 600));
  }
  // In the end all is well but for the path.
  world.pathLimitMs = PATH_LIMIT_MS;
  await world.pass(4 * CONFIRM_WITHIN_SECONDS + 1200);
}

test(`whatever happens to ${RUNS} devices, none is lost and none tries a document more than three times`, async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`seed ${seed} (TEST_SEED)`);
  const ends = new Map<string, number>();
  for (let run = 0; run < RUNS; run += 1) {
    const random = seeded(seed + run);
    const world = begin(t, seed + run);
    await world.pass(30);
    await live(world, random);
    const where = `seed ${seed}, run ${run}: ${JSON.stringify({ ...world.settings, fate: fate(world) })}`;
    assert.notEqual(world.settings.broker, 'wrong', where);
    // It was heard within two intervals of its settings, or comes back with each of them.
    assert.ok(world.nowMs - world.lastHeardMs <= 200_000, where);
    const tried = world.applied.filter(({ settings }) => settings.broker === 'wrong');
    assert.ok(tried.length <= 3 * 3, where);
    assertShortTrials(world, where);
    for (let at = 1; at < world.epochs.length; at += 1) {
      assert.ok((world.epochs[at] ?? 0) > (world.epochs[at - 1] ?? 0), where);
    }
    assert.match(fate(world), /^(confirmed|rolled-back [a-z-]+|refused gave-up)$/, where);
    ends.set(fate(world), (ends.get(fate(world)) ?? 0) + 1);
    t.mock.timers.reset();
  }
  t.diagnostic([...ends].map(([end, count]) => `${end}: ${count}`).join(', '));
  assert.ok((ends.get('confirmed') ?? 0) > 0);
});

/** The wrong broker is left after `confirm_within` at the latest, by whatever is applied next or by a restart. */
function assertShortTrials(world: World, where: string): void {
  for (const [index, { atMs, settings }] of world.applied.entries()) {
    if (settings.broker !== 'wrong') continue;
    const next = world.applied[index + 1];
    const endsMs = next?.atMs ?? world.cuts.find((cutMs) => cutMs >= atMs) ?? Number.POSITIVE_INFINITY;
    const cutMs = world.cuts.find((each) => each >= atMs) ?? Number.POSITIVE_INFINITY;
    assert.ok(Math.min(endsMs, cutMs) - atMs <= CONFIRM_WITHIN_SECONDS * 1000, where);
  }
}
