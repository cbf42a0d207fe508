/**
 * The agent as it ships, killed by the kernel in the middle of each write, fsync and rename of an apply, and with each of
 * them failing: strace does that to the system call itself.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { waitFor } from '../support/wait.ts';
import { linesOf, type PushedDevice, startDevice } from './pushing.ts';

const AT_ONCE = 4;

/** A system call on one of these files of the state directory; the `at`th of its kind in the life of the agent. */
interface Point {
  readonly calls: string;
  readonly files: readonly string[];
  readonly at: number;
}

const FILE = ['/fleet.json', '/fleet.json.new'];
const RENAMES = '?rename,?renameat,?renameat2';

/** The calls of the `nth` time that the file is written. The folder was synced once before, with the count of starts. */
function pointsOf(nth: number): readonly (readonly [string, Point])[] {
  return [
    ['write', { calls: 'write', files: FILE, at: nth }],
    ['fsync of the file', { calls: 'fsync', files: FILE, at: nth }],
    ['rename', { calls: RENAMES, files: FILE, at: nth }],
    ['fsync of the folder', { calls: 'fsync', files: [''], at: nth + 1 }],
  ];
}

/** `-D`: the agent keeps its process id. */
function strace(folder: string, { calls, files, at }: Point, fault: string): readonly string[] {
  const paths = files.flatMap((file) => ['-P', `${folder}${file}`]);
  const inject = `inject=${calls}:${fault}:when=${at}`;
  return ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...paths, '-e', `trace=${calls}`, '-e', inject];
}

async function pushed(cleanups: Cleanups, point: Point, fault: string): Promise<PushedDevice> {
  const broker = await startMosquitto();
  cleanups.add(() => broker.remove());
  const device = await startDevice(cleanups, broker.url, { broker: { url: broker.url } }, {}, (folder) =>
    strace(folder, point, fault),
  );
  await waitFor(
    () => `the device to be online:\n${device.agent.output()}`,
    60_000,
    () => device.statuses.at(-1)?.state === 'online',
  );
  await device.push({ keepalive_interval: '2s' });
  return device;
}

async function killedAt(point: Point, stage: string): Promise<void> {
  const cleanups = new Cleanups();
  try {
    const device = await pushed(cleanups, point, 'signal=SIGKILL');
    const killed = device.agent;
    assert.deepEqual(await killed.exited, { code: null, signal: 'SIGKILL' }, killed.output());
    assert.equal(linesOf(killed, 'configurationConfirmed').length, 0, 'told before it was on disk');
    if (stage === 'candidate') {
      assert.equal(linesOf(killed, 'configurationTrying').length, 0, 'applied before it was on disk');
    }
    const again = device.restart();
    const { keepaliveIntervalSeconds, configurationVersion } = await again.line('started', 60_000);
    const runs = JSON.stringify([keepaliveIntervalSeconds, configurationVersion]);
    // Either is whole; the new settings only when they have passed.
    assert.ok(
      runs === '[3,null]' || (stage === 'confirmed' && runs === '[2,1]'),
      `${runs}\n${again.output()}`,
    );
    if (runs === '[3,null]') await again.line('configurationConfirmed', 60_000);
    await waitFor(
      () => `the report: ${JSON.stringify(device.reports.at(-1))}\n${again.output()}`,
      60_000,
      () => device.reports.at(-1)?.running.length === 1,
    );
    assert.equal(device.reports.at(-1)?.last?.state, 'confirmed');
  } finally {
    await cleanups.run();
  }
}

async function failingAt(point: Point, code: string): Promise<void> {
  const cleanups = new Cleanups();
  try {
    const device = await pushed(cleanups, point, `error=${code}`);
    const { last, running } = await device.reported('refused');
    assert.equal(last?.reason, 'cannot-store');
    assert.deepEqual(running, []);
    assert.equal(linesOf(device.agent, 'configurationTrying').length, 0);
    assert.equal(linesOf(device.agent, 'linkUp').length, 1);
  } finally {
    await cleanups.run();
  }
}

describe('an agent in the middle of an apply', { concurrency: AT_ONCE }, () => {
  for (const [nth, stage] of [
    [1, 'candidate'],
    [2, 'confirmed'],
  ] as const) {
    for (const [what, point] of pointsOf(nth)) {
      it(`killed in the ${what} of the ${stage} goes on with last-good, or with what was confirmed`, () =>
        killedAt(point, stage));
    }
  }
  for (const [what, point] of pointsOf(1)) {
    for (const code of ['ENOSPC', 'EIO'])
      it(`whose ${what} fails with ${code} applies nothing, and says so`, () => failingAt(point, code));
  }
});
