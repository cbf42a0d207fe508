import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  alertTopic,
  askTopic,
  CONFIG_REPORT_FILTER,
  configReportTopic,
  configTopic,
  groupConfigTopic,
  isDeviceName,
  isGroupName,
  isNetworkKey,
  NETWORK_REPORT_FILTER,
  networkKnowledgeTopic,
  networkReportTopic,
  PROBE_FILTER,
  parseTopic,
  probeTopic,
  RESERVED_NAMES,
  STATUS_FILTER,
  statusTopic,
  waveConfigTopic,
} from '../../../protocol/topics.ts';
import { between, chooseSeed, mutated, pick, seeded } from './seeded.ts';

const ALLOWED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-';
const name = fc
  .array(fc.constantFrom(...ALLOWED), { minLength: 1, maxLength: 64 })
  .map((letters) => letters.join(''))
  .filter((text) => !['.', '..', ...RESERVED_NAMES].includes(text));

/** Topic filter matching after MQTT 5 section 4.7, for filters with `+` only. */
function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const given = topic.split('/');
  return wanted.length === given.length && wanted.every((level, at) => level === '+' || level === given[at]);
}

/** The rule of the document in other words: split by levels, look at each letter. */
function oracle(topic: string): { device: string; kind: string } | null {
  const levels = topic.split('/');
  const [root, version, device = '', ...rest] = levels;
  const kind = rest.join('/');
  if (root !== 'khd' || version !== '1') return null;
  if (!['probe', 'status', 'ask', 'network', 'config/report'].includes(kind)) return null;
  if (device.length < 1 || device.length > 64 || [...device].some((letter) => !ALLOWED.includes(letter)))
    return null;
  if (['.', '..', 'group', 'network', 'alert', 'incident', 'monitor'].includes(device)) return null;
  return { device, kind };
}

describe('topics', () => {
  it('are those of the document', () => {
    assert.equal(probeTopic('pump-17'), 'khd/1/pump-17/probe');
    assert.equal(statusTopic('pump-17'), 'khd/1/pump-17/status');
    assert.equal(askTopic('pump-17'), 'khd/1/pump-17/ask');
    assert.equal(alertTopic('pump-17'), 'khd/1/alert/pump-17');
    assert.equal(networkReportTopic('pump-17'), 'khd/1/pump-17/network');
    assert.equal(networkKnowledgeTopic('3f9a-01'), 'khd/1/network/3f9a-01');
    assert.equal(configTopic('pump-17'), 'khd/1/pump-17/config');
    assert.equal(waveConfigTopic('pump-17'), 'khd/1/pump-17/config/wave');
    assert.equal(groupConfigTopic('pilot'), 'khd/1/group/pilot/config');
    assert.equal(configReportTopic('pump-17'), 'khd/1/pump-17/config/report');
  });

  it('of every valid name come back as device and kind, and the monitor hears its four', () => {
    fc.assert(
      fc.property(name, (device) => {
        assert.equal(isDeviceName(device), true);
        assert.deepEqual(parseTopic(probeTopic(device)), { ok: true, device, kind: 'probe' });
        assert.deepEqual(parseTopic(statusTopic(device)), { ok: true, device, kind: 'status' });
        assert.deepEqual(parseTopic(askTopic(device)), { ok: true, device, kind: 'ask' });
        const report = networkReportTopic(device);
        assert.deepEqual(parseTopic(report), { ok: true, device, kind: 'network' });
        assert.ok(
          matches(NETWORK_REPORT_FILTER, report) && !matches(NETWORK_REPORT_FILTER, askTopic(device)),
        );
        const told = configReportTopic(device);
        assert.deepEqual(parseTopic(told), { ok: true, device, kind: 'config/report' });
        assert.ok(matches(CONFIG_REPORT_FILTER, told));
        assert.ok(!matches(CONFIG_REPORT_FILTER, waveConfigTopic(device)));
        assert.ok(matches(PROBE_FILTER, probeTopic(device)) && !matches(PROBE_FILTER, statusTopic(device)));
        assert.ok(matches(STATUS_FILTER, statusTopic(device)) && !matches(STATUS_FILTER, askTopic(device)));
      }),
      { numRuns: 1000 },
    );
  });

  it("of the fleet's knowledge never read as a device, not even for a network named as a kind", () => {
    for (const key of ['probe', 'status', 'network', '3f9a']) {
      assert.deepEqual(parseTopic(networkKnowledgeTopic(key)), { ok: false, refusal: 'bad-device-name' });
    }
  });

  it('of an alert never read as a device, not even for a device named as a kind', () => {
    for (const device of ['probe', 'status', 'ask', 'pump']) {
      assert.deepEqual(parseTopic(alertTopic(device)), { ok: false, refusal: 'bad-device-name' });
    }
  });
});

describe('isNetworkKey', () => {
  it('takes 1 to 64 letters, digits and hyphens', () => {
    for (const good of ['a', '0', '-', '3f9A-01', 'x'.repeat(64)])
      assert.equal(isNetworkKey(good), true, good);
    for (const bad of ['', 'x'.repeat(65), 'a_b', 'a.b', 'a:b', '+', '#', 'a/b', 'ä', 'a\n', ' a']) {
      assert.equal(isNetworkKey(bad), false, JSON.stringify(bad));
    }
  });
});

describe('isDeviceName', () => {
  it('takes 1 to 64 of the letters that are safe in topics, files and URLs', () => {
    for (const good of ['a', '0', 'Pump_17', 'aa:bb:cc:dd:ee:ff', '...', '-', '_', 'x'.repeat(64)]) {
      assert.equal(isDeviceName(good), true, good);
    }
    const bad = ['', 'x'.repeat(65), '+', '#', 'a+', 'a#', '/', 'a/b', 'a b', ' a', 'a\n', 'a\0', '$SYS'];
    for (const name of [...bad, '.', '..', 'ä', 'pümp', 'пумп', '😀', 'a\u200d', 'а', '%2f', 'a\\b']) {
      assert.equal(isDeviceName(name), false, JSON.stringify(name));
    }
  });

  it('keeps the words that are other namespaces, in their spelling only', () => {
    for (const word of ['group', 'network', 'alert', 'incident', 'monitor']) {
      assert.equal(isDeviceName(word), false, word);
      assert.equal(isDeviceName(`${word}s`), true, word);
      assert.equal(isGroupName(word), true, word);
    }
  });

  it('knows no group with wildcards or levels either', () => {
    for (const bad of ['', '+', '#', 'a/b', 'x'.repeat(65), 'größe'])
      assert.equal(isGroupName(bad), false, bad);
  });
});

describe('parseTopic', () => {
  it('names why it refuses', () => {
    const refusals: readonly (readonly [string, string])[] = [
      ['', 'not-ours'],
      ['khd', 'not-ours'],
      ['khd/1', 'not-ours'],
      ['khd/2/a/probe', 'not-ours'],
      ['khd/10/a/probe', 'not-ours'],
      ['/khd/1/a/probe', 'not-ours'],
      ['KHD/1/a/probe', 'not-ours'],
      ['khd/1/', 'unknown-kind'],
      ['khd/1/a', 'unknown-kind'],
      ['khd/1/a/', 'unknown-kind'],
      ['khd/1/a/Probe', 'unknown-kind'],
      ['khd/1/a/probe/', 'unknown-kind'],
      ['khd/1/a/probe/x', 'unknown-kind'],
      ['khd/1/a/config', 'unknown-kind'],
      ['khd/1//probe', 'bad-device-name'],
      ['khd/1/+/probe', 'bad-device-name'],
      ['khd/1/#/probe', 'bad-device-name'],
      ['khd/1/group/probe', 'bad-device-name'],
      [`khd/1/${'x'.repeat(65)}/probe`, 'bad-device-name'],
    ];
    for (const [topic, refusal] of refusals) {
      assert.deepEqual(parseTopic(topic), { ok: false, refusal }, topic);
    }
  });

  it('agrees with the oracle on 100,000 random and mutated topics', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const levels = [
      'khd',
      '1',
      '2',
      'a',
      'pump-17',
      'group',
      '',
      '+',
      '..',
      'probe',
      'status',
      'ask',
      'network',
      'config',
      'report',
    ];
    const decoder = new TextDecoder();
    let accepted = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const start = random() < 0.7 ? ['khd', '1'] : [];
      const rest = Array.from({ length: between(random, 1, 4) }, () => pick(random, levels));
      const plain = [...start, ...rest].join('/');
      const topic =
        round % 2 === 0 ? plain : decoder.decode(mutated(random, new TextEncoder().encode(plain)));
      const parsed = parseTopic(topic);
      const found = parsed.ok ? { device: parsed.device, kind: parsed.kind } : null;
      assert.deepEqual(found, oracle(topic), `${JSON.stringify(topic)}, TEST_SEED=${seed}`);
      if (parsed.ok) accepted += 1;
    }
    assert.ok(accepted > 1000 && accepted < 50_000, `${accepted} accepted`);
  });
});
