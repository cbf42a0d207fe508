import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANY_DEVICE, type DeviceFilter, pageOf } from '../../../../monitor/policy/device-search.ts';
import { at, listening, probe, record } from './fixtures.ts';

const RECORDS = [
  record({ device: 'Pump-1', groups: ['roof', 'east'], network: 'home' }),
  record({ device: 'pump-2', groups: ['cellar'], network: 'home' }),
  record({ device: 'fan-1', groups: ['roof'], network: 'lte', state: 'dead' }),
  record({ device: 'fan-2', groups: [], network: null, state: 'left' }),
];

/** Name by name, `looks` devices at a time. */
function namesOf(filter: Partial<DeviceFilter>, limit: number, looks: number): string[][] {
  const watch = listening(RECORDS);
  const pages: string[][] = [];
  for (let next: number | null = 0; next !== null; ) {
    const found = watch.search({ ...ANY_DEVICE, ...filter }, next, limit, looks);
    pages.push(found.indices.map((index) => watch.nameAt(index)));
    next = found.nextIndex;
  }
  return pages;
}

describe('a search of the device table', () => {
  it('filters by proved state, group, network and part of the name', () => {
    assert.deepEqual(namesOf({ state: 'unknown' }, 9, 9), [['Pump-1', 'pump-2']]);
    assert.deepEqual(namesOf({ group: 'roof' }, 9, 9), [['Pump-1', 'fan-1']]);
    assert.deepEqual(namesOf({ group: 'roof', network: 'lte' }, 9, 9), [['fan-1']]);
    assert.deepEqual(namesOf({ q: 'UMP' }, 9, 9), [['Pump-1', 'pump-2']]);
    assert.deepEqual(namesOf({ group: 'roo' }, 9, 9), [[]]);
  });

  it('cuts by matches and by devices looked at, and leaves nobody out', () => {
    assert.deepEqual(namesOf({}, 3, 9), [['Pump-1', 'pump-2', 'fan-1'], ['fan-2']]);
    assert.deepEqual(namesOf({ group: 'roof' }, 9, 2), [['Pump-1'], ['fan-1']]);
  });

  it('goes on where it was although devices come and go', () => {
    const watch = listening(RECORDS);
    const { nextIndex } = watch.search(ANY_DEVICE, 0, 3, 9);
    watch.forget('fan-2');
    watch.probeHeard('new', probe(), at(1));
    const rest = watch.search(ANY_DEVICE, nextIndex ?? 0, 9, 9);
    assert.deepEqual(
      rest.indices.map((index) => watch.nameAt(index)),
      ['new'],
    );
  });
});

describe('a page of views', () => {
  it('goes by name, and its cursor is the last one', () => {
    const watch = listening(RECORDS);
    const views = RECORDS.flatMap(({ device }) => watch.view(device) ?? []);
    const first = pageOf(views, { ...ANY_DEVICE, cursor: null, limit: 3 });
    assert.deepEqual(
      [first.devices.map(({ device }) => device), first.next],
      [['Pump-1', 'fan-1', 'fan-2'], 'fan-2'],
    );
    const last = pageOf(views, { ...ANY_DEVICE, cursor: first.next, limit: 3 });
    assert.deepEqual([last.devices.map(({ device }) => device), last.next], [['pump-2'], null]);
    const dead = pageOf(views, { ...ANY_DEVICE, state: 'dead', q: 'AN-', cursor: null, limit: 1 });
    assert.deepEqual([dead.devices.map(({ device }) => device), dead.next], [['fan-1'], null]);
  });
});
