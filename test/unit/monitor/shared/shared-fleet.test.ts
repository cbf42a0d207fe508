import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeviceState } from '../../../../monitor/policy/device.ts';
import { ANY_DEVICE } from '../../../../monitor/policy/device-search.ts';
import { partitionOf } from '../../../../monitor/shared/policy/partitions.ts';
import type { Sight } from '../../../../monitor/shared/policy/sight.ts';
import { SharedFleet, type SharedPartition } from '../../../../monitor/shared/shared-fleet.ts';
import { FakeClock } from '../io/fakes.ts';
import { recordOf } from '../io/samples.ts';

/** Partitions in memory, that count what is asked of them. */
function fleetOf(devices: Readonly<Record<string, DeviceState>>, count: number) {
  const asked = { names: 0, looks: 0 };
  const partitions = Array.from({ length: count }, (_, partition) => {
    const own = Object.keys(devices).filter((name) => partitionOf(name, count) === partition);
    own.sort();
    const sightOf = (device: string): Sight => ({
      ...{ device, version: 1, end: null, endMs: 0, score: null, alert: null, notice: null, vitals: null },
      record: recordOf(device, {
        state: devices[device] ?? 'alive',
        groups: device.endsWith('7') ? ['sevens'] : [],
      }),
    });
    return {
      reads: {
        async namesAfter(after: string | null, limit: number) {
          const names = own.filter((name) => after === null || name > after).slice(0, limit);
          asked.names += names.length;
          return names;
        },
        namesIn: async (state: DeviceState, names: readonly string[]) =>
          names.filter((name) => devices[name] === state),
      },
      store: {
        async look(names: readonly string[]) {
          asked.looks += names.length;
          return names.map(sightOf);
        },
      },
      worker: { reply: null, clock: { attentiveAt: () => 0 } },
    } as unknown as SharedPartition;
  });
  const fleet = new SharedFleet({ partitions, doubts: () => [], clock: new FakeClock(), graceMs: 0 });
  return { fleet, asked };
}

const names = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `d${String(at).padStart(5, '0')}`);
const alive = (all: readonly string[]): Record<string, DeviceState> =>
  Object.fromEntries(all.map((name) => [name, 'alive' as const]));

describe('devices of a shared fleet', () => {
  it('come in order, each once, page by page', async () => {
    const { fleet } = fleetOf(alive(names(25)), 4);
    const found: string[] = [];
    for (let cursor: string | null = null, pages = 0; pages < 9; pages += 1) {
      const page = await fleet.devices({ ...ANY_DEVICE, cursor, limit: 10 });
      found.push(...page.devices.map(({ device }) => device));
      cursor = page.next;
      if (cursor === null) break;
    }
    assert.deepEqual(found, names(25));
  });

  it('come all, however they are divided, also when one partition has most of them', async () => {
    const uneven = names(4000).filter((name, at) => partitionOf(name, 16) === 3 || at % 40 === 0);
    const { fleet } = fleetOf(alive(uneven), 16);
    for (const limit of [1, 7, uneven.length - 1, uneven.length, uneven.length + 1]) {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await fleet.devices({ ...ANY_DEVICE, cursor, limit });
        assert.ok(page.devices.length <= limit);
        found.push(...page.devices.map(({ device }) => device));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(found, uneven, `pages of ${limit}`);
    }
  });

  it('cost no more than a page however many there are', async () => {
    const { fleet, asked } = fleetOf(alive(names(20_000)), 4);
    assert.equal((await fleet.devices({ ...ANY_DEVICE, cursor: null, limit: 10 })).devices.length, 10);
    assert.ok(asked.names <= 4 * 11 && asked.looks <= 11, JSON.stringify(asked));
    const wide = fleetOf(alive(names(20_000)), 64);
    assert.equal(
      (await wide.fleet.devices({ ...ANY_DEVICE, cursor: null, limit: 1000 })).devices.length,
      1000,
    );
    assert.ok(wide.asked.names <= 2 * 1001, JSON.stringify(wide.asked));
  });

  it('are found by state, part of the name and group', async () => {
    const { fleet } = fleetOf({ ...alive(names(30)), d00005: 'dead', d00017: 'dead' }, 4);
    const found = async (filter: object): Promise<string[]> => {
      const page = await fleet.devices({ ...ANY_DEVICE, ...filter, cursor: null, limit: 10 });
      assert.equal(page.next, null);
      return page.devices.map(({ device }) => device);
    };
    assert.deepEqual(await found({ state: 'dead' }), ['d00005', 'd00017']);
    assert.deepEqual(await found({ q: 'D0002', state: 'dead' }), []);
    assert.deepEqual(await found({ group: 'sevens' }), ['d00007', 'd00017', 'd00027']);
  });

  it('are found behind the names of one round, though no partition was read to its bound', async () => {
    const { fleet } = fleetOf({ ...alive(names(2100)), d02099: 'dead' }, 4);
    const page = await fleet.devices({ ...ANY_DEVICE, state: 'dead', cursor: null, limit: 10 });
    assert.deepEqual([page.devices.map(({ device }) => device), page.next], [['d02099'], null]);
  });

  it('end a page early when long nobody matches, and go on from there', async () => {
    const { fleet } = fleetOf({ ...alive(names(30_000)), d29999: 'dead' }, 4);
    const first = await fleet.devices({ ...ANY_DEVICE, state: 'dead', cursor: null, limit: 10 });
    assert.deepEqual(first, { devices: [], next: 'd19999' });
    const second = await fleet.devices({ ...ANY_DEVICE, state: 'dead', cursor: first.next, limit: 10 });
    assert.deepEqual([second.devices.map(({ device }) => device), second.next], [['d29999'], null]);
  });
});
