import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type BeliefStore, openBeliefStore } from '../../../../agent/io/belief-store.ts';
import {
  answered,
  type IdleTimeoutBelief,
  newBelief,
  quantileSeconds,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import { BASE_PRIOR, priorFor } from '../../../../agent/policy/idle-timeout-prior.ts';
import type { Log, LogFields } from '../../../../runtime/log.ts';

const MAX_NETWORKS = 20;

/** What a device believes after ten answers at one silence and three drops a little above it. */
function lasting(seconds: number): IdleTimeoutBelief {
  let belief = newBelief();
  for (let n = 0; n < 10; n += 1) belief = answered(belief, seconds);
  for (let n = 0; n < 3; n += 1) belief = unansweredThenReconnected(belief, seconds * 1.1, 0).belief;
  return belief;
}

describe('the store of beliefs', () => {
  let folder: string;
  let file: string;
  let warned: {
    readonly level: string;
    readonly event: string;
    readonly message: string;
    readonly fields: LogFields;
  }[];
  const log: Log = {
    write: (level, event, message, fields = {}) => void warned.push({ level, event, message, fields }),
    flush: async () => {},
  };
  const open = (at = folder): BeliefStore => openBeliefStore(at, log);
  const events = (): readonly string[] => warned.map(({ event }) => event);
  const kept = () => JSON.parse(readFileSync(file, 'utf8'));
  const median = (belief: IdleTimeoutBelief | null): number =>
    belief === null ? Number.NaN : quantileSeconds(belief, 0.5);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-beliefs-'));
    file = join(folder, 'networks.json');
    warned = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives back after a restart what was saved, network by network', () => {
    const store = open();
    store.save('n1-a', lasting(100));
    store.save('n1-b', lasting(700));
    const next = open();
    const [a, b] = [next.load('n1-a', BASE_PRIOR), next.load('n1-b', BASE_PRIOR)];
    assert.ok(Math.abs(median(a) - median(lasting(100))) < 2);
    assert.ok(Math.abs(median(b) - median(lasting(700))) < 11);
    assert.equal(next.load('n1-c', BASE_PRIOR), null);
    assert.deepEqual(warned, []);
  });

  it('keeps what was found of the link beside it, and reads a file from before that was kept', () => {
    const link = { losses: 2.5, watchedSeconds: 7000, trialBudgetSeconds: 120 };
    const store = open();
    store.save('n1-a', lasting(100), link);
    store.save('n1-b', lasting(700));
    const next = open();
    assert.deepEqual(next.link('n1-a'), link);
    assert.equal(next.link('n1-b'), null);
    assert.ok(next.load('n1-b', BASE_PRIOR) !== null);
    assert.deepEqual(warned, []);
  });

  it('gives back within one life too, the newest of each', () => {
    const store = open();
    store.save('n1-a', lasting(100));
    store.save('n1-a', lasting(700));
    assert.ok(median(store.load('n1-a', BASE_PRIOR)) > 600);
    assert.equal(kept().networks.length, 1);
  });

  it('puts what was seen onto the prior of today: a path limit stated since holds', () => {
    open().save('n1-a', lasting(700));
    const limited = open().load('n1-a', priorFor({ limitSeconds: 350 })) ?? assert.fail();
    assert.ok(quantileSeconds(limited, 0.999) <= 360, `${quantileSeconds(limited, 0.999)}`);
  });

  it('knows nothing at the first start, and says nothing about it', () => {
    assert.equal(open().load('n1-a', BASE_PRIOR), null);
    assert.equal(open(join(folder, 'not/yet/made')).load('n1-a', BASE_PRIOR), null);
    assert.deepEqual(warned, []);
    assert.equal(existsSync(join(folder, 'not')), false);
  });

  it(`keeps ${MAX_NETWORKS} networks; the one that was saved longest ago makes room`, () => {
    const store = open();
    for (let n = 0; n < MAX_NETWORKS; n += 1) store.save(`n1-${n}`, lasting(100 + n));
    store.save('n1-0', lasting(200));
    store.save('n1-new', lasting(300));
    for (const each of [store, open()]) {
      assert.equal(each.load('n1-1', BASE_PRIOR), null);
      for (const key of ['n1-0', 'n1-2', 'n1-19', 'n1-new'])
        assert.notEqual(each.load(key, BASE_PRIOR), null, key);
    }
    assert.equal(kept().networks.length, MAX_NETWORKS);
    assert.ok(statSync(file).size < 32_768, `${statSync(file).size} bytes`);
  });

  it('reads no more than that from a file that grew elsewhere', () => {
    open().save('n1-a', lasting(100));
    const { version, networks } = kept();
    const many = Array.from({ length: 50 }, (_, n) => ({ ...networks[0], key: `n1-${n}` }));
    writeFileSync(file, JSON.stringify({ version, networks: many }));
    const store = open();
    assert.notEqual(store.load('n1-19', BASE_PRIOR), null);
    assert.equal(store.load('n1-20', BASE_PRIOR), null);
  });

  it('takes a damaged file, or one of another version, for an empty one, with one warning that names it', () => {
    open().save('n1-a', lasting(100));
    const whole = readFileSync(file, 'utf8');
    const other = JSON.stringify({ ...kept(), version: 2 });
    const damaged = [
      '',
      '\0\0\0\0',
      '[]',
      'null',
      '{"version":1}',
      '{"version":1,"networks":{}}',
      '{"version":1,"networks":[null]}',
      '{"version":1,"networks":[{"key":7}]}',
      whole.slice(0, whole.length / 2),
      other,
    ];
    for (const content of damaged) {
      warned = [];
      writeFileSync(file, content);
      const store = open();
      assert.equal(store.load('n1-a', BASE_PRIOR), null, content);
      assert.deepEqual(events(), ['stateCorrupt'], content);
      assert.deepEqual([warned[0]?.level, warned[0]?.fields.path], ['warn', file]);
      store.save('n1-b', lasting(100));
      assert.notEqual(open().load('n1-b', BASE_PRIOR), null, 'it is usable again');
    }
  });

  it('leaves out one network that is unreadable, says which and why, and keeps the others', () => {
    const store = open();
    store.save('n1-a', lasting(100));
    store.save('n1-b', lasting(100));
    const content = kept();
    for (const [belief, refusal] of [
      [undefined, 'not-an-object'],
      [{ ...content.networks[1].belief, version: 9 }, 'unknown-version'],
      [{ ...content.networks[1].belief, runs: [1, 2, 3] }, 'bad-runs'],
    ]) {
      warned = [];
      writeFileSync(
        file,
        JSON.stringify({ ...content, networks: [content.networks[0], { key: 'n1-a', belief }] }),
      );
      const next = open();
      assert.equal(next.load('n1-a', BASE_PRIOR), null);
      assert.notEqual(next.load('n1-b', BASE_PRIOR), null);
      assert.deepEqual([events(), warned[0]?.fields.refusal], [['beliefRefused'], refusal]);
      assert.match(warned[0]?.message ?? '', /n1-a/);
    }
  });

  it('never throws, whatever single byte of the file is wrong', () => {
    open().save('n1-a', lasting(100));
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 1) {
      for (const byte of [0, 0x22, 0x39, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        writeFileSync(file, bytes);
        const belief = open().load('n1-a', BASE_PRIOR);
        if (belief === null) continue;
        const sum = belief.mass.reduce((total, value) => total + value, 0);
        assert.ok(Math.abs(sum - 1) < 1e-6, `byte ${at}: ${sum}`);
      }
    }
  });

  it('says that a file cannot be read, apart from one that is not there', () => {
    mkdirSync(file);
    assert.equal(open().load('n1-a', BASE_PRIOR), null);
    assert.deepEqual(events(), ['stateNotRead']);
    assert.match(warned[0]?.message ?? '', /EISDIR/);
  });

  it('goes on in memory when nothing can be written, with one warning', () => {
    writeFileSync(join(folder, 'file'), '');
    const store = open(join(folder, 'file/state'));
    warned = [];
    store.save('n1-a', lasting(100));
    store.save('n1-a', lasting(200));
    assert.notEqual(store.load('n1-a', BASE_PRIOR), null);
    assert.deepEqual(
      warned.map(({ level, event }) => [level, event]),
      [
        ['warn', 'stateNotWritten'],
        ['debug', 'stateNotWritten'],
      ],
    );
    open().save('n1-a', lasting(100));
    assert.equal(warned.at(-1)?.event, 'stateWritten');
  });

  it('replaces the file whole: a write that was cut off leaves the old one', () => {
    open().save('n1-a', lasting(100));
    const before = statSync(file).ino;
    // What a power cut in the middle of a write leaves.
    writeFileSync(`${file}.new`, '{"version":1,"netw', { mode: 0o600 });
    const store = open();
    assert.notEqual(store.load('n1-a', BASE_PRIOR), null);
    store.save('n1-b', lasting(200));
    assert.notEqual(statSync(file).ino, before, 'renamed over, not written into');
    assert.deepEqual(readdirSync(folder), ['networks.json']);
    assert.deepEqual(warned, []);
    assert.equal(statSync(file).mode & 0o077, 0, 'where a device was is nobody else’s business');
  });
});
