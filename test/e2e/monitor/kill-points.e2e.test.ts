/** The monitor is killed at every point between deciding, recording, telling and forgetting: nothing is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import type { Store } from '../../../monitor/io/stores/store.ts';
import { Cleanups } from '../support/cleanups.ts';
import type { ChildOrder } from '../support/crash-child.ts';
import { Evidence, wholeLines } from '../support/crash-evidence.ts';
import { ROUND_S } from '../support/crash-world.ts';
import type { Deed, Moment, Noted, Point } from '../support/tripwires.ts';

const CHILD = join(import.meta.dirname, '../support/crash-child.ts');
/** The beginning of one of the world's rounds. */
const START_MS = 900_000 * ROUND_S * 1000;
/** Virtual time in which nobody listened. */
const AWAY_MS = 5000;
/** In an order in which one follows the other within the world's round. */
const DEEDS: readonly Deed[] = [
  'commit-first-heard',
  'commit-death',
  'deliver-alert-opened',
  'settle-alert-opened',
  'commit-reminder',
  'commit-return',
  'deliver-alert-resolved',
  'settle-alert-resolved',
  'commit-incident-opened',
  'deliver-incident-opened',
  'settle-incident-opened',
  'commit-incident-resolved',
  'deliver-incident-resolved',
  'settle-incident-resolved',
  'commit-history',
  'prune',
];

/** A settling is one row: seen, it is done. */
function momentsOf(deed: Deed): readonly Moment[] {
  return /commit|prune/.test(deed) ? ['before', 'during', 'seen', 'after'] : ['before', 'during', 'after'];
}

/** How the child ended: the signal, or its exit code. */
async function run(order: ChildOrder): Promise<NodeJS.Signals | number | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
}

describe('a monitor that is killed at every point', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('records every transition once and tells every alert, repeated under its key only', async (context) => {
    const folder = cleanups.folder();
    const files = {
      folder: join(folder, 'data'),
      noted: join(folder, 'noted'),
      times: join(folder, 'times'),
    };
    const evidence = new Evidence();
    const open = (): Promise<Store> =>
      openLmdbStore(files.folder, (table, key) => assert.fail(`damaged: ${table} ${key}`));
    let startMs = START_MS;
    let kills = 0;
    // Spread over what a commit takes, so that some are durable and some are not.
    const points = DEEDS.flatMap((deed, at) =>
      momentsOf(deed).map((moment): Point => ({ deed, moment, duringMs: (at % 6) * 0.4 })),
    );
    for (const point of points) {
      const ended = await run({ ...files, startMs, seconds: 3 * ROUND_S, point });
      assert.equal(ended, 'SIGKILL', `${point.deed} ${point.moment} was not reached`);
      kills += 1;
      startMs = Number(wholeLines(files.times).at(-1)) + AWAY_MS;
      const store = await open();
      evidence.take(store);
      await store.close();
    }
    // To the end of the round, when everybody has been back for long.
    const seconds = ROUND_S - ((startMs / 1000) % ROUND_S);
    assert.equal(await run({ ...files, startMs, seconds, point: null }), 0);
    const store = await open();
    cleanups.add(() => store.close());
    evidence.take(store);
    evidence.checkChains(store);
    evidence.checkDeaths({ fromMs: START_MS, toMs: startMs + seconds * 1000 });
    const noted = wholeLines(files.noted).map((line) => JSON.parse(line) as Noted);
    evidence.checkTold(noted);
    assert.equal(store.pendingCount('receiver'), 0);
    const again = noted.length - new Set(noted.map(({ key }) => key)).size;
    context.diagnostic(`${kills} kills; ${noted.length} deliveries, ${again} of them repeated`);
  });
});
