import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertOf } from '../../io/samples.ts';
import { IncidentWorld } from './incident-world.ts';

const FALLEN = Array.from({ length: 12 }, (_, n) => `f${n}`);
const WELL = Array.from({ length: 40 }, (_, n) => `w${n}`);
const MINUTE_MS = 60_000;

const worldOf = (): IncidentWorld => new IncidentWorld({ n1: FALLEN, n2: WELL });

/** All late, then the first `count` dead. */
function fall(world: IncidentWorld, count = FALLEN.length): void {
  world.move(FALLEN, 'late');
  world.nowMs += MINUTE_MS;
  world.move(FALLEN.slice(0, count), 'dead');
}

describe('the book of incidents of a shared fleet', () => {
  it('a fallen network in many partitions is told once, and once when all are back', () => {
    const world = worldOf();
    fall(world);
    world.round();
    const { incident } = world;
    assert.deepEqual(incident?.scope, { kind: 'network', name: 'n1' });
    assert.deepEqual([incident.memberCount, incident.causes], [12, { 'network-wide': 12 }]);
    assert.match(incident.summary, /12 of 12 devices are silent/);
    assert.deepEqual([...world.pending].toSorted(), FALLEN.toSorted());
    assert.ok([...world.alerts.values()].every((alert) => alert.quiet && alert.incident === incident.id));
    world.move(FALLEN, 'alive');
    world.round();
    assert.deepEqual(world.told, [`opened incident:${incident.id}:1`, `resolved incident:${incident.id}:2`]);
    assert.deepEqual([world.incidents.size, world.alerts.size, world.pending.size], [0, 0, 0]);
  });

  it('a death alone is left to its partition, which tells it', () => {
    const world = worldOf();
    world.move(['w1'], 'late');
    world.move(['w1'], 'dead', { cause: 'weak-signal' });
    world.round();
    const [verdict] = world.book.pending();
    assert.deepEqual(
      [verdict?.device, verdict?.quiet, verdict?.lapseCause],
      ['w1', undefined, 'weak-signal'],
    );
    assert.deepEqual([world.told, world.incidents.size], [[], 0]);
    world.book.settle(['w1']);
    world.round();
    assert.deepEqual([world.pending.size, world.alerts.size], [0, 1]);
  });

  it('what was decided of a death before does not count for the next of the same device', () => {
    const world = worldOf();
    world.move(['w1'], 'dead');
    world.round();
    world.book.settle(['w1']);
    world.move(['w1'], 'alive');
    world.move(['w1'], 'dead');
    world.round();
    assert.deepEqual([...world.pending], ['w1']);
    assert.equal(world.book.pending().length, 1);
  });

  it('goes on wherever the keeper before was killed, and tells the same', () => {
    const stories = [false, true].map((isKilled) => {
      const world = worldOf();
      const round = (): void => {
        for (let n = 0; n < 6; n += 1) {
          // One that is killed between its look and its commit leaves nothing.
          if (isKilled) world.follow(1);
          if (isKilled) world.load();
          world.round(1);
        }
      };
      fall(world, 8);
      round();
      world.nowMs += MINUTE_MS;
      world.move(FALLEN.slice(8), 'dead');
      round();
      const members = world.incident?.memberCount;
      world.move(FALLEN, 'alive');
      round();
      return { told: world.told, members, open: world.incidents.size, pending: [...world.pending] };
    });
    assert.deepEqual(stories[1], stories[0]);
    assert.deepEqual([stories[0]?.members, stories[0]?.told.length, stories[0]?.open], [12, 2, 0]);
  });

  it('reads the counts of a later moment, and comes to the same', () => {
    const world = worldOf();
    fall(world, 3);
    // The new keeper finds counts that are ahead of the positions.
    world.load();
    world.round();
    assert.equal(world.incident?.memberCount, 3);
    // At the first of three deaths the two others are not late any more, and not taken in yet.
    assert.match(world.incident.summary, /10 of 10 devices are silent/);
    world.move(FALLEN.slice(3), 'alive');
    world.round();
    world.move(FALLEN.slice(0, 3), 'alive');
    world.load();
    world.round();
    assert.deepEqual([world.told.length, world.incidents.size], [2, 0]);
  });

  it('who is back before anybody was told is told of with its end, unless an incident has it', () => {
    const world = worldOf();
    const alert = alertOf('w1', 3, { network: 'n2' });
    const opened = { event: 'opened', idempotencyKey: 'w1:1:3', notice: { kind: 'alert', alert } } as const;
    const over = { kind: 'alert', alert: { ...alert, resolvedMs: 9 } } as const;
    const untold = [opened, { event: 'resolved', idempotencyKey: 'w1:1:4', notice: over } as const];
    world.move(['w1'], 'dead');
    world.move(['w1'], 'alive', { untold });
    fall(world);
    world.move(['f1'], 'alive', { untold });
    world.round();
    const { id } = world.incident ?? {};
    assert.deepEqual(world.told, ['opened w1:1:3', 'resolved w1:1:4', `opened incident:${id}:1`]);
    assert.equal(world.incident?.aliveAgainCount, 1);
    assert.deepEqual(world.pending.has('w1'), false);
  });

  it('a death that a server lost with its writes does not keep an incident open', () => {
    const world = worldOf();
    fall(world);
    world.round();
    const lost = world.book.alerts().filter(({ device }) => device === 'f3');
    world.move(
      FALLEN.filter((device) => device !== 'f3'),
      'alive',
    );
    world.round();
    assert.equal(world.incidents.size, 1);
    world.book.lost(alertOf('f3', 99), world.nowMs);
    world.round();
    assert.equal(world.incidents.size, 1, 'of another death it says nothing');
    for (const alert of lost) world.book.lost(alert, world.nowMs);
    world.nowMs += 20 * MINUTE_MS;
    world.round();
    assert.deepEqual([world.incidents.size, world.alerts.size], [0, 0]);
  });

  it('closes nothing while in doubt; who is still dead at the end is one by itself', () => {
    const world = worldOf();
    fall(world);
    world.round();
    world.book.settle(FALLEN);
    world.move(FALLEN.slice(2), 'alive');
    world.nowMs += 20 * MINUTE_MS;
    world.commit(world.follow(undefined, false));
    assert.equal(world.incidents.size, 1);
    assert.equal(world.pending.size, 0);
    world.round();
    assert.deepEqual([world.incidents.size, [...world.pending].toSorted()], [0, ['f0', 'f1']]);
    assert.ok(world.book.pending().every(({ quiet }) => quiet === undefined));
  });

  it('follows a stream that has lost its end from there', () => {
    const world = worldOf();
    world.book.rewind(0, '0-0');
    const step = world.follow(0);
    assert.equal(step?.positions[0], '0-0');
    assert.equal(world.follow(0), null);
  });
});
