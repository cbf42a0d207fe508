import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseSeed } from '../../unit/protocol/seeded.ts';
import { ALLERGIC, RolloutWorld } from './rollout-world.ts';

const HOUR = 3600;
/** Long enough that everybody is known, and out of coverage now and then. */
const SETTLED = 1200;

/** One rollout in some hundred is halted by chance, as the gate allows (its alphas): by itself that is no fault. */
const SEED = 20_261_123;
const seedOf = (round: number): number => (process.env.TEST_SEED === undefined ? SEED : chooseSeed()) + round;

function settled(seed: number): RolloutWorld {
  const world = new RolloutWorld(seed);
  world.pass(SETTLED);
  return world;
}

describe('a rollout over a thousand devices', () => {
  it('stops in the first wave that shows that a network suffers; the rest of the fleet never sees it', (test) => {
    for (let round = 0; round < 5; round++) {
      const seed = seedOf(round);
      test.diagnostic(`TEST_SEED=${seed}`);
      const world = settled(seed);
      // Another version draws other devices.
      const rollout = world.push((seed % 1000) + 1, { poison: true });
      world.passWhileRunning(rollout, 2 * HOUR);
      assert.equal(rollout.state, 'halted', `seed ${seed}: ${world.news.join(', ')}`);
      assert.equal(rollout.reason?.kind, 'rollbacks', `seed ${seed}: ${rollout.reason?.text}`);
      const seen = world.devices.filter(({ tasted }) => tasted);
      const ill = (wave: number): number =>
        seen.filter(({ name, isAllergic }) => isAllergic && rollout.members.get(name)?.wave === wave).length;
      for (let wave = 0; wave < rollout.wave; wave++)
        assert.ok(ill(wave) <= 1, `seed ${seed}: wave ${wave + 1} had ${ill(wave)} and went on`);
      assert.ok(
        rollout.wave <= 2 && seen.length <= 250,
        `seed ${seed}: ${seen.length} devices in ${rollout.wave + 1} waves`,
      );
      // Whoever got it and cannot live with it has taken it back by itself; nobody else ever gets it.
      world.pass(HOUR);
      assert.deepEqual(
        world.devices.filter(({ isCutOff }) => isCutOff),
        [],
        `seed ${seed}`,
      );
      assert.equal(world.devices.filter(({ tasted }) => tasted).length, seen.length, `seed ${seed}`);
      test.diagnostic(
        `seed ${seed}: halted in wave ${rollout.wave + 1}, ${seen.length} devices saw it: ${rollout.reason?.text}`,
      );
    }
  });

  it('passes a good push to everybody, through coverage that comes and goes', (test) => {
    const seed = seedOf(0);
    test.diagnostic(`TEST_SEED=${seed}`);
    const world = settled(seed);
    const rollout = world.push(1, { keepalive_interval: '2m' });
    world.passWhileRunning(rollout, 3 * HOUR);
    assert.equal(
      rollout.state,
      'completed',
      `seed ${seed}: ${rollout.reason?.text}; ${world.news.join(', ')}`,
    );
    world.pass(HOUR);
    const without = world.devices.filter(({ confirmed }) => !confirmed.includes(rollout.order.hash));
    assert.ok(without.length <= 5, `seed ${seed}: ${without.length} devices are without it`);
    assert.deepEqual(
      [...world.rows.keys()].filter((key) => key.startsWith('member/')),
      [],
      'members are forgotten',
    );
  });

  it('does not hold a broker outage in the middle against the push', (test) => {
    for (let round = 0; round < 3; round++) {
      const seed = seedOf(round);
      test.diagnostic(`TEST_SEED=${seed}`);
      const world = settled(seed);
      const rollout = world.push(1, { keepalive_interval: '2m' });
      // Into the trials of each wave.
      for (const [after, length] of [
        [20, 400],
        [620, 90],
        [1260, 1500],
      ] as const) {
        world.pass(after);
        world.breakBroker();
        world.pass(length);
        world.mendBroker();
      }
      world.passWhileRunning(rollout, 4 * HOUR);
      assert.equal(
        rollout.state,
        'completed',
        `seed ${seed}: ${rollout.reason?.text}; ${world.news.join(', ')}`,
      );
    }
  });

  it('goes on where it was when the monitor is killed in the middle', (test) => {
    const seed = seedOf(0);
    test.diagnostic(`TEST_SEED=${seed}`);
    const world = settled(seed);
    const { id } = world.push(1, { keepalive_interval: '2m' });
    for (let kill = 0; kill < 12 && world.book.rollout(id)?.state === 'running'; kill++) {
      world.pass(200);
      world.restartMonitor();
    }
    world.passWhileRunning({ id }, 3 * HOUR);
    const rollout = world.book.rollout(id);
    assert.equal(
      rollout?.state,
      'completed',
      `seed ${seed}: ${rollout?.reason?.text}; ${world.news.join(', ')}`,
    );
    const released = world.news.filter((each) => each.startsWith('waveReleased'));
    assert.equal(new Set(released).size, 4, released.join(', '));
    world.restartMonitor();
    assert.deepEqual(
      world.book.rollout(id)?.waves.map(({ frozen }) => frozen?.devices),
      [1, 49, 200, 750],
    );
  });

  it('has devices of the network that suffers in every world', () => {
    const world = new RolloutWorld(1);
    const allergic = world.devices.filter(({ isAllergic }) => isAllergic);
    assert.equal(allergic.length, 90);
    assert.ok(allergic.every(({ network }) => network === ALLERGIC.network));
  });
});
