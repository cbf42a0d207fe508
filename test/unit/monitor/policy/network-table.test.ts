import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DAY_MS,
  isMaterial,
  type NetworkRecord,
  VOTE_EXPIRES_MS,
} from '../../../../monitor/policy/network-knowledge.ts';
import {
  MAX_NETWORKS,
  MAX_NETWORKS_PER_DEVICE,
  MAX_VOTES,
  type NetworkStep,
  NetworkTable,
} from '../../../../monitor/policy/network-table.ts';
import type { NetworkReport } from '../../../../protocol/network-knowledge.ts';
import { between, chooseSeed, pick, seeded } from '../../protocol/seeded.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function report(network: string, survivesSeconds: number | null, epoch = 1): NetworkReport {
  const forgetsSeconds = survivesSeconds === null ? 0 : survivesSeconds * 1.05;
  return { network, epoch, summary: survivesSeconds === null ? null : { survivesSeconds, forgetsSeconds } };
}

/** A table whose saves end up in a store, as the shell does it. */
class World {
  readonly table: NetworkTable;
  readonly store: Map<string, NetworkRecord>;

  constructor(records: Iterable<NetworkRecord> = []) {
    this.store = new Map([...records].map((record) => [record.network, record]));
    this.table = new NetworkTable(this.store.values());
  }

  say(device: string, said: NetworkReport, { retained = false, atMs = NOW_MS } = {}): NetworkStep {
    return this.keep(this.table.reportHeard(device, said, retained, atMs));
  }

  keep(step: NetworkStep): NetworkStep {
    for (const record of step.saves) this.store.set(record.network, record);
    return step;
  }

  devices(network: string): string[] {
    return (this.store.get(network)?.votes ?? []).map(({ device }) => device);
  }

  survives(network: string): readonly number[] {
    return (this.table.told(network)?.spikes ?? []).map(({ survivesSeconds }) => survivesSeconds);
  }
}

describe('a report', () => {
  it('is saved at once, and told when it changes what is known', () => {
    const world = new World();
    const first = world.say('a', report('n', 300));
    assert.deepEqual([first.reason, first.tells], ['first-report', ['n']]);
    const second = world.say('b', report('n', 301));
    assert.deepEqual([second.reason, second.tells], ['first-report', ['n']]);
    const slight = world.say('b', report('n', 302));
    assert.deepEqual([slight.reason, slight.tells, slight.saves.length], ['report-changed', [], 1]);
    assert.deepEqual(world.devices('n'), ['a', 'b']);
    assert.equal(world.table.size, 1);
  });

  it('replaces the earlier one of the same device on the same network alone', () => {
    const world = new World();
    for (const seconds of [300, 100, 50, 20]) world.say('a', report('n', seconds));
    world.say('a', report('m', 900));
    assert.deepEqual(world.devices('n'), ['a']);
    assert.deepEqual(world.survives('n'), [20]);
    assert.deepEqual(world.survives('m'), [900]);
  });

  it('of an older session is refused', () => {
    const world = new World();
    world.say('a', report('n', 300, 5));
    const stale = world.say('a', report('n', 100, 4));
    assert.deepEqual(stale, { saves: [], tells: [], reason: 'stale-epoch' });
    assert.deepEqual(world.survives('n'), [300]);
    assert.equal(world.say('a', report('n', 100, 5)).reason, 'report-changed');
  });

  it('that says the same costs nothing for a day; then it makes the vote young again', () => {
    const world = new World();
    world.say('a', report('n', 300));
    const later = (days: number) => world.say('a', report('n', 300, 2), { atMs: NOW_MS + days * DAY_MS });
    assert.equal(later(0.9).reason, 'nothing-new');
    const renewed = later(7);
    assert.deepEqual([renewed.reason, renewed.saves.length], ['report-renewed', 1]);
    assert.equal(world.store.get('n')?.votes[0]?.atMs, NOW_MS + 7 * DAY_MS);
  });

  it('that withdraws takes the vote away, and the last one what was told', () => {
    const world = new World();
    world.say('a', report('n', 300));
    assert.deepEqual(world.say('b', report('n', null)), { saves: [], tells: [], reason: 'nothing-new' });
    const last = world.say('a', report('n', null));
    assert.deepEqual([last.reason, last.tells], ['report-withdrawn', ['n']]);
    assert.equal(world.table.told('n'), null);
    assert.equal(world.table.size, 0);
    assert.equal(world.table.takenAway('n'), true);
    assert.equal(world.table.takenAway('n'), false);
  });

  it('that comes while the old is being taken away keeps the network', () => {
    const world = new World();
    world.say('a', report('n', 300));
    world.say('a', report('n', null));
    assert.deepEqual(world.say('b', report('n', 300)).tells, ['n']);
    assert.equal(world.table.takenAway('n'), false);
    assert.deepEqual(world.survives('n'), [300]);
  });
});

describe('a replayed report', () => {
  it('is nothing new where it is known, and does not make it younger', () => {
    const world = new World();
    world.say('a', report('n', 300));
    const replayed = world.say('a', report('n', 300), { retained: true, atMs: NOW_MS + 30 * DAY_MS });
    assert.deepEqual(replayed, { saves: [], tells: [], reason: 'nothing-new' });
  });

  it('of unknown age counts, but less than one said now', () => {
    const world = new World();
    world.say('a', report('n', 300), { retained: true });
    const replayed = world.table.told('n')?.weight ?? 0;
    world.say('b', report('m', 300));
    assert.ok(replayed > 0 && replayed < (world.table.told('m')?.weight ?? 0) / 2);
  });
});

describe('after a restart', () => {
  it('the same is known and told from what was saved', () => {
    const world = new World();
    for (const [device, seconds] of Object.entries({ a: 300, b: 305, c: 60, d: 61 })) {
      world.say(device, report('n', seconds));
    }
    world.say('a', report('gone', 300));
    world.say('a', report('gone', null));
    const again = new World(world.store.values());
    assert.deepEqual(again.table.tellAll(NOW_MS).tells.toSorted(), ['gone', 'n']);
    assert.deepEqual(again.table.told('n'), world.table.told('n'));
    assert.equal(again.table.told('gone'), null);
    assert.equal(again.table.takenAway('gone'), true);
    assert.deepEqual(
      [...again.table.views(NOW_MS)].map(({ votes }) => votes),
      [4],
    );
  });
});

describe('ageing', () => {
  it('tells when the weight fell by a third, and takes away what has expired', () => {
    const world = new World();
    for (const device of ['a', 'b']) world.say(device, report('n', 300));
    const after = (days: number): NetworkStep => world.keep(world.table.advance(NOW_MS + days * DAY_MS));
    assert.deepEqual(after(1), { saves: [], tells: [], reason: 'aged' });
    assert.deepEqual(after(6).tells, ['n']);
    assert.ok((world.table.told('n')?.weight ?? 0) < 1.2);
    const expired = after(VOTE_EXPIRES_MS / DAY_MS);
    assert.deepEqual(expired.tells, ['n']);
    assert.deepEqual(world.devices('n'), []);
    assert.equal(world.table.told('n'), null);
    assert.deepEqual(after(99), { saves: [], tells: [], reason: 'aged' });
  });

  it('follows a fleet whose network changed, device by device', () => {
    const world = new World();
    const devices = Array.from({ length: 8 }, (_, index) => `d${index}`);
    for (const device of devices) world.say(device, report('n', 600));
    const seen: (readonly number[])[] = [];
    for (const device of devices) {
      world.say(device, report('n', 290), { atMs: NOW_MS + 20 * DAY_MS });
      seen.push(world.survives('n'));
    }
    assert.deepEqual(seen[0], [600]);
    assert.deepEqual(seen[1], [290, 600]);
    assert.deepEqual(seen.at(-1), [290]);
  });
});

describe('memory', () => {
  it('holds the newest votes of a crowded network', () => {
    const world = new World();
    for (let index = 0; index < 3 * MAX_VOTES; index += 1) {
      world.say(`d${index}`, report('n', 300), { atMs: NOW_MS + index });
    }
    assert.equal(world.devices('n').length, MAX_VOTES);
    assert.ok(world.devices('n').includes(`d${3 * MAX_VOTES - 1}`));
    assert.ok(!world.devices('n').includes('d0'));
    const old = world.say('late', report('n', 300), { atMs: NOW_MS });
    assert.deepEqual(old, { saves: [], tells: [], reason: 'nothing-new' });
  });

  it('lets a device that invents networks push out its own alone', () => {
    const world = new World();
    world.say('b', report('real', 300));
    world.say('liar', report('real', 14_000));
    for (let index = 0; index < 2000; index += 1) {
      const step = world.say('liar', report(`x${index}`, 300), { atMs: NOW_MS + index + 1 });
      for (const network of step.tells) if (world.table.takenAway(network)) world.store.delete(network);
    }
    assert.deepEqual(world.devices('real'), ['b']);
    assert.equal(world.table.size, MAX_NETWORKS_PER_DEVICE + 1);
    assert.equal(world.store.size, MAX_NETWORKS_PER_DEVICE + 1);
  });

  it('pushes out nobody else where the device makes room itself', () => {
    const world = new World();
    for (let index = 0; index < MAX_NETWORKS - MAX_NETWORKS_PER_DEVICE; index += 1) {
      world.say(`d${index}`, report(`n${index}`, 300));
    }
    const say = (index: number) => world.say('a', report(`a${index}`, 300), { atMs: NOW_MS + 1 + index });
    for (let index = 0; index < MAX_NETWORKS_PER_DEVICE; index += 1) say(index);
    assert.deepEqual(say(MAX_NETWORKS_PER_DEVICE).tells, [`a${MAX_NETWORKS_PER_DEVICE}`, 'a0']);
    assert.equal(world.table.size, MAX_NETWORKS);
  });

  it('holds so many networks, the most recently reported; and refuses when nothing can be taken away', () => {
    const world = new World();
    const say = (index: number): NetworkStep =>
      world.say(`d${index}`, report(`n${index}`, 300), { atMs: NOW_MS + index });
    for (let index = 0; index < MAX_NETWORKS; index += 1) say(index);
    assert.equal(world.table.size, MAX_NETWORKS);
    const evicting = say(MAX_NETWORKS);
    assert.deepEqual(evicting.tells, [`n${MAX_NETWORKS}`, 'n0']);
    assert.equal(world.table.told('n0'), null);
    for (let index = MAX_NETWORKS + 1; index < 2 * MAX_NETWORKS; index += 1) say(index);
    assert.equal(say(2 * MAX_NETWORKS).reason, 'too-many-networks');
    assert.equal(world.table.takenAway('n0'), true);
    assert.equal(say(2 * MAX_NETWORKS).reason, 'first-report');
    assert.equal(world.table.size, MAX_NETWORKS);
  });
});

describe('the table', () => {
  it('comes to the same in whatever order the reports of a moment are heard', () => {
    const said = fc.record({
      device: fc.integer({ min: 0, max: 60 }).map((index) => `d${index}`),
      network: fc.constantFrom('n', 'm'),
      seconds: fc.constantFrom(60, 61, 300, 310, 900),
      atMs: fc.integer({ min: 0, max: 1e9 }),
    });
    const both = fc
      .uniqueArray(said, { selector: ({ device, network }) => device + network, maxLength: 90 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(both, (orders) => {
        const results = orders.map((order) => {
          const world = new World();
          for (const { device, network, seconds, atMs } of order) {
            world.say(device, report(network, seconds), { atMs: NOW_MS + atMs });
          }
          return [...world.table.views(NOW_MS + 1e9)].sort((a, b) =>
            a.knowledge.network < b.knowledge.network ? -1 : 1,
          );
        });
        assert.deepEqual(results[0], results[1]);
      }),
      { numRuns: 200 },
    );
  });

  it('tells whatever changes materially, and saves what it holds: 5,000 events', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const world = new World();
    const told = new Map<string, unknown>();
    let nowMs = NOW_MS;
    for (let round = 0; round < 5000; round += 1) {
      nowMs += between(random, 0, 3_600_000 * 4);
      const seconds = pick(random, [null, 60, 62, 300, 310, 14_000]);
      const said = report(`n${between(random, 0, 30)}`, seconds, between(random, 1, 3));
      const step =
        random() < 0.05
          ? world.keep(world.table.advance(nowMs))
          : world.say(`d${between(random, 0, 40)}`, said, { retained: random() < 0.2, atMs: nowMs });
      for (const network of step.tells) told.set(network, world.table.told(network));
    }
    for (const [network, knowledge] of told) assert.deepEqual(world.table.told(network), knowledge);
    world.keep(world.table.advance(nowMs));
    for (const { knowledge } of world.table.views(nowMs)) {
      const { network } = knowledge;
      assert.equal(isMaterial(world.table.told(network), knowledge), false, `TEST_SEED=${seed}`);
    }
    const again = new NetworkTable(world.store.values());
    assert.deepEqual([...again.views(nowMs)].length, [...world.table.views(nowMs)].length);
    const byName = new Map([...again.views(nowMs)].map((view) => [view.knowledge.network, view]));
    for (const view of world.table.views(nowMs)) {
      assert.deepEqual(byName.get(view.knowledge.network), view, `TEST_SEED=${seed}`);
    }
  });
});
