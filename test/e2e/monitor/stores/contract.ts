/** What a monitor promises of its store, whichever it is: one suite, with a world for each store. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Facts,
  HOUR_SECONDS,
  type ReachableWorld,
  SILENCED,
  SINKS,
  TABLES,
  type World,
} from './world.ts';

/** Long enough for a device of these tests to be dead; short enough for another to be merely late. */
const DEADLY_SECONDS = 35;
const LATE_SECONDS = 15;
const A_DAY_SECONDS = 86_400;

/** Runs a test against a world that nobody has touched yet, and cleans up. */
export type InWorld<W extends World> = (test: (world: W) => Promise<void>) => Promise<void>;

type Check<W> = (title: string, test: (world: W) => Promise<void>) => void;

export function monitorContract<W extends World>(name: string, inWorld: InWorld<W>): void {
  const check: Check<World> = (title, test) => void it(title, () => inWorld(test));
  describe(`${name} keeps what a monitor promises of it`, () => {
    recording(check);
    telling(check);
    forgetting(check);
  });
}

/** The same and more: for stores that others than their own process can reach. */
export function reachableContract<W extends ReachableWorld>(name: string, inWorld: InWorld<W>): void {
  monitorContract(name, inWorld);
  describe(`${name} is guarded against others`, () => {
    guarding((title, test) => void it(title, () => inWorld(test)));
  });
}

function recording(check: Check<World>): void {
  check('a death, its alert and what each sink is owed are there together', async (world) => {
    await dies(world, 'd1');
    const { devices, transitions, open, notices, owed } = await world.facts(['d1']);
    assert.deepEqual(devices, { d1: { state: 'dead', epoch: 0, sequence: 3 } });
    assert.deepEqual(transitions.d1, ['3 dead', '2 late', '1 alive']);
    assert.deepEqual([open.map(({ device }) => device), notices.length], [['d1'], 1]);
    for (const sink of SINKS) assert.deepEqual(owed[sink], ['d1 opened d1:0:3']);
  });

  check('what cannot be written whole is not written at all, and is written later', async (world) => {
    await world.probe('d1');
    await world.passes(LATE_SECONDS);
    world.spoil(true);
    await world.passes(DEADLY_SECONDS);
    // Whoever comes next must not find half of it either.
    await world.reopen();
    const isDead = (facts: Facts): boolean => facts.devices.d1?.state === 'dead';
    const during = await world.facts(['d1']);
    const counts = [during.open, during.notices, ...SINKS.map((sink) => during.owed[sink] ?? [])];
    const expected = isDead(during) ? 1 : 0;
    assert.deepEqual(
      [during.transitions.d1?.length, ...counts.map(({ length }) => length)],
      [2 + expected, ...counts.map(() => expected)],
    );
    world.spoil(false);
    await world.passes(DEADLY_SECONDS);
    const after = await world.facts(['d1']);
    assert.deepEqual([isDead(after), after.open.length, after.owed.webhook], [true, 1, ['d1 opened d1:0:3']]);
  });

  check(
    'the same is there when the process is gone: states, epochs, sequences, alerts, notices, what is owed',
    async (world) => {
      await world.status('d1', 'online', 7);
      await dies(world, 'd2');
      await dies(world, SILENCED);
      await world.status('d3', 'online', 2);
      await world.status('d3', 'leaving', 2);
      const names = ['d1', 'd2', 'd3', SILENCED];
      const before = await world.facts(names);
      assert.equal(Object.keys(before.devices).length, 4);
      await world.reopen();
      assert.deepEqual(sorted(await world.facts(names)), sorted(before));
    },
  );

  check('who was dead at the end is dead at the start, and nobody hears of it again', async (world) => {
    await dies(world, 'd1');
    await world.deliver('delivered');
    await world.reopen();
    await world.passes(3 * DEADLY_SECONDS);
    const { devices, open, owed } = await world.facts([]);
    assert.deepEqual([devices.d1?.sequence, open.length, owed.log], [3, 1, []]);
  });

  check('sequences and epochs go on where they were', async (world) => {
    await world.status('d1', 'online', 4);
    await world.passes(DEADLY_SECONDS);
    await world.reopen();
    await world.status('d1', 'online', 5);
    await world.status('d1', 'offline', 4);
    const { devices, transitions } = await world.facts(['d1']);
    assert.deepEqual(devices.d1, { state: 'alive', epoch: 5, sequence: 4 });
    assert.deepEqual(transitions.d1, ['4 alive', '3 dead', '2 late', '1 alive']);
  });

  check('a device that is heard while its silence is being judged does not die', async (world) => {
    await world.probe('d1');
    await world.passes(LATE_SECONDS);
    await world.passes(14);
    await world.passesWhileHeard(4, 'd1');
    const { devices, open, owed } = await world.facts([]);
    assert.deepEqual([devices.d1?.state, open, owed.log], ['alive', [], []]);
  });

  check('a device that is heard while it is found late stays alive', async (world) => {
    await world.probe('d1');
    await world.passes(9);
    await world.passesWhileHeard(3, 'd1');
    const { devices, transitions } = await world.facts(['d1']);
    assert.deepEqual([devices.d1?.state, transitions.d1], ['alive', ['1 alive']]);
  });

  check('a device that returns resolves its alert, for all who were told', async (world) => {
    await dies(world, 'd1');
    await world.probe('d1');
    await isOver(world, 'd1', 'alive');
  });

  check('a device that leaves resolves its alert, for all who were told', async (world) => {
    await dies(world, 'd1');
    await world.status('d1', 'leaving', 1);
    await isOver(world, 'd1', 'left');
  });
}

function telling(check: Check<World>): void {
  check('what is owed stays owed until the sink says yes, and is told under the same key', async (world) => {
    await dies(world, 'd1');
    const before = (await world.facts([])).owed;
    const failed = await world.deliver({ retryAfterMs: null, error: 'down' });
    assert.deepEqual((await world.facts([])).owed, before);
    await world.reopen();
    const told = await world.deliver('delivered');
    for (const sink of SINKS)
      assert.deepEqual([failed[sink]?.[0], told[sink]], [before[sink]?.[0], before[sink]]);
  });

  check('it is told in order for each device, and settled once', async (world) => {
    await dies(world, 'd1', 'd2');
    await world.probe('d2');
    await world.probe('d1');
    await world.passes(DEADLY_SECONDS);
    const { log = [] } = await world.deliver('delivered');
    const of = (device: string): string[] => log.filter((words) => words.startsWith(`${device} `));
    for (const device of ['d1', 'd2']) {
      const keys = [`${device} opened ${device}:0:3`, `${device} resolved ${device}:0:4`];
      assert.deepEqual(of(device), [...keys, `${device} opened ${device}:0:6`]);
    }
    await world.reopen();
    assert.deepEqual(await world.deliver('delivered'), { log: [], webhook: [] });
  });

  check('what a sink refuses for good is settled too', async (world) => {
    await dies(world, 'd1');
    await world.deliver({ refused: 'no such room' });
    const { owed, open } = await world.facts([]);
    assert.deepEqual([owed.log, owed.webhook, open.length], [[], [], 1]);
  });

  check('what a silence held back is owed once when it ends, also by another process', async (world) => {
    await dies(world, SILENCED);
    assert.deepEqual((await world.facts([])).owed.log, []);
    await world.reopen();
    await world.passes(HOUR_SECONDS);
    const { owed, notices } = await world.facts([]);
    assert.deepEqual(
      [owed.log, notices.map(({ held }) => held)],
      [['silenced opened silenced:0:3'], [false]],
    );
    await world.reopen();
    await world.passes(DEADLY_SECONDS);
    assert.deepEqual((await world.facts([])).owed.log, owed.log);
  });
}

function forgetting(check: Check<World>): void {
  check('a device that is forgotten leaves no trace', async (world) => {
    await dies(world, 'wanderer', 'stays');
    await world.status('wanderer', 'online', 3);
    await world.status('wanderer', 'leaving', 3);
    await world.probe('stays');
    await world.deliver('delivered');
    await world.passes(DEADLY_SECONDS);
    assert.notDeepEqual(await world.traces('wanderer'), []);
    await world.prune(1);
    assert.deepEqual(await world.traces('wanderer'), []);
    assert.deepEqual(Object.keys((await world.facts([])).devices), ['stays']);
  });

  check(
    'a clean-up keeps what is not over: open alerts and their notices, what is owed, who did not leave',
    async (world) => {
      await dies(world, 'd1');
      await world.probe('d2');
      const before = await world.facts([]);
      await world.passes(A_DAY_SECONDS / 24);
      await world.prune(HOUR_SECONDS / 2);
      const { devices, transitions, ...rest } = await world.facts(['d1', 'd2']);
      assert.deepEqual([devices.d1?.state, devices.d2?.state], ['dead', 'dead']);
      assert.deepEqual([transitions.d1, transitions.d2], [[], []]);
      assert.deepEqual(rest.owed.log, ['d1 opened d1:0:3', 'd2 opened d2:0:3']);
      assert.deepEqual([rest.open.length, rest.notices.length], [2, 2]);
      assert.deepEqual(
        rest.open.find(({ device }) => device === 'd1'),
        before.open[0],
      );
    },
  );

  check('a clean-up takes what is over and old, and nothing younger', async (world) => {
    await dies(world, 'd1');
    await world.probe('d1');
    await world.passes(HOUR_SECONDS);
    await world.probe('d1');
    await world.prune(HOUR_SECONDS / 2);
    const { transitions, resolved } = await world.facts(['d1']);
    assert.deepEqual([transitions.d1, resolved.length], [['7 alive'], 1]);
    await world.passes(2);
    await world.prune(1);
    assert.deepEqual((await world.facts(['d1'])).resolved, []);
  });

  check('nothing of one fleet touches another beside it', async (world) => {
    const beside = await world.neighbour();
    try {
      await dies(world, 'd1');
      await dies(beside, 'd1');
      await beside.probe('d1');
      await beside.deliver('delivered');
      await beside.status('d1', 'leaving', 1);
      await beside.passes(DEADLY_SECONDS);
      await beside.prune(1);
      const own = await world.facts(['d1']);
      assert.deepEqual(own.devices, { d1: { state: 'dead', epoch: 0, sequence: 3 } });
      assert.deepEqual([own.transitions.d1?.length, own.open.length, own.owed.log?.length], [3, 1, 1]);
      assert.deepEqual((await beside.facts([])).devices, {});
    } finally {
      await beside.close();
    }
  });
}

function guarding(check: Check<ReachableWorld>): void {
  check('of two monitors that judge the same silence one decides', async (world) => {
    await world.probe('d1');
    await world.passes(LATE_SECONDS);
    await world.passesWithRival(DEADLY_SECONDS - LATE_SECONDS);
    const { devices, transitions, open, owed } = await world.facts(['d1']);
    assert.deepEqual(devices.d1, { state: 'dead', epoch: 0, sequence: 3 });
    assert.deepEqual(transitions.d1, ['3 dead', '2 late', '1 alive']);
    assert.deepEqual([open.length, owed.log, owed.webhook], [1, ['d1 opened d1:0:3'], ['d1 opened d1:0:3']]);
  });

  check('what two monitors hear is taken in once', async (world) => {
    await dies(world, 'd1');
    await world.probe('d2');
    await world.passes(LATE_SECONDS);
    for (const device of ['d1', 'd2', 'd3']) await world.statusWithRival(device, 'online', 4);
    const { devices, transitions, resolved, owed } = await world.facts(['d1', 'd2', 'd3']);
    assert.deepEqual(
      ['d1', 'd2', 'd3'].map((device) => [devices[device]?.sequence, transitions[device]?.length]),
      [4, 3, 1].map((sequence) => [sequence, sequence]),
    );
    assert.deepEqual([resolved.length, owed.log], [1, ['d1 opened d1:0:3', 'd1 resolved d1:4:4']]);
  });

  for (const table of TABLES) {
    check(`a torn record in ${table} is named, and the rest lives on`, async (world) => {
      await dies(world, 'torn', 'd2');
      await world.tear(table, 'torn');
      await world.reopen();
      const { devices, transitions, owed } = await world.facts(['torn', 'd2']);
      assert.deepEqual([devices.d2?.state, transitions.d2?.length], ['dead', 3]);
      // A key that was used once must not stand for another death.
      assert.deepEqual(devices.torn, { state: 'dead', epoch: 0, sequence: 3 });
      assert.ok(owed.log?.includes('d2 opened d2:0:3'));
      const { log } = await world.deliver('delivered');
      assert.ok(log?.includes('d2 opened d2:0:3'));
      assert.ok(world.named.includes(table), `${table} in ${world.named.join()}`);
      await world.probe('torn');
      await world.probe('d2');
      const after = await world.facts([]);
      assert.deepEqual(after.devices.torn, { state: 'alive', epoch: 0, sequence: 4 });
      assert.deepEqual(after.devices.d2, { state: 'alive', epoch: 0, sequence: 4 });
      assert.deepEqual(
        after.open.filter(({ device }) => device === 'd2'),
        [],
      );
    });
  }

  check('a store of a newer format is refused, and left as it is', async (world) => {
    await dies(world, 'd1');
    await world.fromTheFuture();
    const before = await world.traces('d1');
    await assert.rejects(world.reopen(), {
      code: 'STORE_NEWER_FORMAT',
      message: /holds format 9.*this version/,
    });
    assert.deepEqual(await world.traces('d1'), before);
  });
}

async function dies(world: World, ...devices: readonly string[]): Promise<void> {
  for (const device of devices) await world.probe(device);
  await world.passes(DEADLY_SECONDS);
}

async function isOver(world: World, device: string, state: string): Promise<void> {
  const { devices, open, resolved, notices, owed } = await world.facts([]);
  assert.deepEqual([devices[device]?.state, open, notices], [state, [], []]);
  assert.deepEqual(
    resolved.map((alert) => alert.device),
    [device],
  );
  for (const sink of SINKS)
    assert.deepEqual(
      owed[sink]?.map((words) => words.split(' ')[1]),
      ['opened', 'resolved'],
    );
}

/** Of different devices nobody promises an order. */
function sorted({ devices, transitions, open, resolved, notices, owed }: Facts): unknown {
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
  return {
    ...{ devices, transitions, open: open.toSorted(byId), resolved: resolved.toSorted(byId) },
    ...{ notices: notices.toSorted(byId), owed: SINKS.map((sink) => owed[sink]?.toSorted()) },
  };
}
