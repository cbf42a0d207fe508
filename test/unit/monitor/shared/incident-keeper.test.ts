import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  Held,
  IncidentStore,
  LoadedBook,
  Moves,
} from '../../../../monitor/io/stores/redis/incident-store.ts';
import type { SeenAlert, VerdictWrites } from '../../../../monitor/io/stores/redis/verdict-writes.ts';
import { openedAlert } from '../../../../monitor/policy/alert.ts';
import type { Alert, DeviceRecord } from '../../../../monitor/policy/device.ts';
import { IncidentKeeper } from '../../../../monitor/shared/incident-keeper.ts';
import type { BookStep } from '../../../../monitor/shared/policy/incident-book.ts';
import type { Move } from '../../../../monitor/shared/policy/move.ts';
import type { Settled } from '../../../../monitor/shared/policy/verdict.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';
import { recordOf } from '../io/samples.ts';
import { INCIDENTS } from '../policy/incident-bench.ts';
import { RULES } from './policy/incident-world.ts';

const COUNTS = [{ kind: 'fleet', name: '', present: 50, late: 0 }] as const;
const MINUTE_MS = 60_000;

/** One partition and the book, in memory; the next call of each of `fails` gets no answer. */
class Redis {
  keeper: string | null = null;
  isKept = false;
  version = 1;
  position = '0-0';
  last = '0-0';
  readonly moves: (readonly [string, Move])[] = [];
  readonly alerts = new Map<string, Alert>();
  readonly pending = new Set<string>();
  /** In the partition. */
  readonly open = new Map<string, Alert>();
  readonly verdicts: string[] = [];
  readonly fails = new Set<string>();
  readonly trims: string[] = [];
  loads = 0;

  #answer(call: string): void {
    if (this.fails.delete(call)) throw new Error('no answer');
  }

  readonly store = {
    hold: async (name: string, forMs: number, isWell: boolean): Promise<Held> => {
      this.#answer('hold');
      const isKeeper = this.keeper === null || this.keeper === name;
      if (isKeeper) this.keeper = forMs === 0 ? null : name;
      this.isKept = (isKeeper && isWell) || this.isKept;
      return { isKeeper: isKeeper && forMs > 0, isKept: this.isKept, owed: [0] };
    },
    load: async (): Promise<LoadedBook> => {
      this.loads += 1;
      const partition = { position: this.position, countedTo: this.last, counts: COUNTS };
      return {
        ...{ isNew: false, partitions: [partition], incidents: [], notices: [] },
        ...{ alerts: [...this.alerts.values()], pending: [...this.pending], version: String(this.version) },
      };
    },
    moves: async (_partition: number, position: string): Promise<Moves> => ({
      last: this.last,
      entries: this.moves.filter(([id]) => Number.parseInt(id, 10) > Number.parseInt(position, 10)),
    }),
    commit: async (version: string, step: BookStep): Promise<string | null> => {
      if (version !== String(this.version)) return null;
      this.version += 1;
      this.position = step.positions[0] ?? '';
      for (const alert of step.alerts) this.alerts.set(alert.device, alert);
      for (const device of step.forgottenAlerts) this.alerts.delete(device);
      for (const device of step.pending) this.pending.add(device);
      for (const device of step.settled) this.pending.delete(device);
      // It went in, and nobody knows.
      this.#answer('commit');
      return String(this.version);
    },
    trim: async (_partition: number, position: string): Promise<void> => void this.trims.push(position),
  } as unknown as IncidentStore;

  readonly writes = {
    look: async (devices: readonly string[]): Promise<readonly (SeenAlert | null)[]> =>
      devices.map((device) => {
        const alert = this.open.get(device);
        return alert === undefined ? null : { alert, alertText: '', notice: null, noticeText: '' };
      }),
    commit: async (_version: string, verdicts: readonly (readonly [SeenAlert, Settled])[]) => {
      this.#answer('verdict');
      for (const [, { alert }] of verdicts) this.verdicts.push(alert.device);
      return verdicts.map(() => true);
    },
  } as unknown as VerdictWrites;

  die(device: string): void {
    const record: DeviceRecord = recordOf(device, { state: 'dead', sequence: 2 });
    const at = { before: null, after: record, atMs: 0, untold: [] };
    this.open.set(device, openedAlert(record, 'unexplained'));
    this.last = `${this.moves.length + 1}-0`;
    this.moves.push([this.last, { device, ...at, death: { record, cause: 'unexplained' } }]);
  }
}

describe('a keeper of incidents', () => {
  function keeperOf(redis: Redis, name = 'a') {
    const clock = new FakeClock();
    const rounds: boolean[] = [];
    const keeper = new IncidentKeeper({
      ...{ store: redis.store, verdicts: [redis.writes], name, settings: INCIDENTS, rules: RULES },
      ...{ clock, log: new FakeLog(), isTrusted: () => true },
      onRound: (isKeeper) => void rounds.push(isKeeper),
    });
    keeper.start();
    return { keeper, clock, rounds };
  }

  it('commits what it follows, brings it to the partition, and says then that it is done', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    redis.die('d');
    await clock.pass(100);
    assert.deepEqual([redis.position, redis.verdicts, [...redis.pending]], ['1-0', ['d'], ['d']]);
    await clock.pass(300);
    assert.deepEqual([redis.verdicts, [...redis.pending], redis.loads], [['d'], [], 1]);
  });

  it('waits while another one keeps them, and begins when that gives up its place', async () => {
    const redis = new Redis();
    redis.keeper = 'b';
    const { clock, rounds, keeper } = keeperOf(redis);
    redis.die('d');
    await clock.pass(1000);
    assert.deepEqual([new Set(rounds), redis.loads, redis.position], [new Set([false]), 0, '0-0']);
    redis.keeper = null;
    await clock.pass(300);
    assert.deepEqual([rounds.at(-1), redis.position], [true, '1-0']);
    await keeper.stop();
    assert.equal(redis.keeper, null);
    const { length } = rounds;
    await clock.pass(1000);
    assert.equal(rounds.length, length);
  });

  it('begins anew with what stands in the store when it does not know whether its commit went in', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    await clock.pass(300);
    redis.die('d');
    redis.fails.add('commit');
    await clock.pass(300);
    assert.deepEqual([redis.position, [...redis.pending], redis.verdicts], ['1-0', ['d'], []]);
    await clock.pass(600);
    assert.deepEqual([redis.loads, redis.verdicts, [...redis.pending]], [2, ['d'], []]);
  });

  it('begins anew when another one has written, or when a verdict did not arrive', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    await clock.pass(300);
    redis.version = 77;
    redis.die('d');
    redis.fails.add('verdict');
    await clock.pass(1000);
    assert.deepEqual([redis.loads, redis.verdicts, [...redis.pending]], [3, ['d'], []]);
  });

  it('follows a stream from its end when that is before what it has taken in', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    redis.die('d');
    redis.die('e');
    await clock.pass(300);
    assert.equal(redis.position, '2-0');
    redis.moves.length = 0;
    redis.last = '0-0';
    await clock.pass(300);
    assert.deepEqual([redis.position, redis.loads], ['0-0', 2]);
  });

  it('who is dead in the book alone is back, once the stream is read to its end', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    redis.die('d');
    redis.die('e');
    await clock.pass(600);
    redis.open.delete('d');
    await clock.pass(MINUTE_MS);
    await clock.pass(600);
    assert.deepEqual([...redis.alerts.keys()], ['e']);
  });

  it('is known to be at work once a round went in, by itself and the others, and not any more when none does', async () => {
    const redis = new Redis();
    const { keeper, clock } = keeperOf(redis);
    const other = keeperOf(redis, 'b');
    await clock.pass(0);
    assert.equal(keeper.isKept(), false);
    await clock.pass(300);
    await other.clock.pass(300);
    assert.deepEqual([keeper.isKept(), other.keeper.isKept()], [true, true]);
    for (let round = 0; round < 12; round += 1) {
      // What said so ends by itself.
      if (round === 1) redis.isKept = false;
      redis.die(`d${round}`);
      redis.fails.add('commit');
      await clock.pass(250);
    }
    assert.equal(keeper.isKept(), false);
  });

  it('cuts the stream a minute after it has taken it in', async () => {
    const redis = new Redis();
    const { clock } = keeperOf(redis);
    await clock.pass(300);
    redis.die('d');
    await clock.pass(MINUTE_MS);
    assert.deepEqual(redis.trims, ['0-0']);
    await clock.pass(MINUTE_MS);
    assert.deepEqual(redis.trims, ['0-0', '1-0']);
  });
});
