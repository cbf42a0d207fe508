/**
 * Devices that die and return at random, and keepers of incidents that are killed between any two commands, sleep, race and
 * stay away, against a real Redis: at the end every death was told once, by itself or by its incident, and so was its end.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { chooseSeed } from '../../unit/protocol/seeded.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startRedis } from '../support/redis.ts';
import { BookWorld } from './stores/book-world.ts';

const STEPS = 150;

describe('incidents in Redis, whoever is killed when', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  const first = chooseSeed();
  for (const seed of [first, first + 1, first + 2]) {
    it(`lose no death and tell none twice, seed ${seed}`, async (context) => {
      const world = await BookWorld.open(await startRedis(cleanups), cleanups, seed);
      for (let step = 0; step < STEPS; step += 1) await world.step();
      await world.end();
      const { deaths, opened, resolved, members, incidents, notices } = await world.told();
      context.diagnostic(
        `${deaths.length} deaths, ${opened.length} told by themselves, ${members.size} members of ${incidents.length / 2} incidents`,
      );
      assert.ok(deaths.length > 50, `${deaths.length} deaths`);
      const once = (all: readonly string[], what: string): void =>
        assert.deepEqual(all.toSorted(), [...new Set(all)].toSorted(), `${what} more than once`);
      once(opened, 'opened');
      once(resolved, 'resolved');
      once(incidents, 'of incidents');
      const silent = deaths.filter((id) => !opened.includes(id) && !members.has(id));
      assert.deepEqual(silent, [], 'told to nobody');
      assert.deepEqual(resolved.toSorted(), opened.toSorted(), 'who heard of the beginning hears of the end');
      const ended = incidents.filter((text) => text.startsWith('resolved ')).length;
      assert.equal(ended * 2, incidents.length, 'each incident opens and closes');
      assert.deepEqual(notices, [], 'nothing is left');
    });
  }
});
