import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeepaliveConfig, KeepaliveEvent } from '../../../../../agent/policy/keepalive/types.ts';
import { encodeStatus, MAX_STATUS_BYTES, parseStatus } from '../../../../../protocol/status.ts';
import { between, chooseSeed, pick, seeded } from '../../../protocol/seeded.ts';
import { AWAY, CONFIG, fixed, HOME, Mind } from './mind.ts';

const adaptive = (change: Partial<KeepaliveConfig['keepalive']>): KeepaliveConfig => ({
  ...CONFIG,
  keepalive: { ...CONFIG.keepalive, ...change },
});
const CONFIGS: readonly KeepaliveConfig[] = [
  CONFIG,
  fixed(),
  fixed({ intervalSeconds: 1, count: 1, idleThresholdSeconds: 0 }),
  fixed({ intervalSeconds: 3600, count: 2 }),
  adaptive({ adaptive: 'responsive', maxDetectionSeconds: 180, idleThresholdSeconds: 300 }),
  adaptive({ adaptive: 'low_power', maxDetectionSeconds: 3600, idleThresholdSeconds: 0 }),
  adaptive({ adaptive: 'responsive', maxDetectionSeconds: null }),
  adaptive({ maxDetectionSeconds: null, idleThresholdSeconds: 300 }),
  { ...CONFIG, pathLimitSeconds: 100.5 },
  adaptive({ minIntervalSeconds: 1, intervalSeconds: 2, timeoutSeconds: 6, maxDetectionSeconds: 30 }),
  { ...CONFIG, verdict: { initialSeconds: 60, floorSeconds: 10, ceilingSeconds: 60 } },
];

const LIVES = 100;

/** Facts in an order that no shell would bring, beside those that it does. */
function anyEvent(random: () => number, mind: Mind): KeepaliveEvent {
  const { phase } = mind.state.reconnect;
  const id = pick(random, [0, mind.state.nextProbeId - 1, mind.state.nextProbeId - 2]);
  if (phase === 'connecting' && random() < 0.6) {
    const seconds = pick(random, [null, null, null, 0, 5, 45, 65_535]);
    return { kind: 'linkUp', serverKeepAliveSeconds: seconds, tlsResumed: false };
  }
  const failure = pick(random, ['network', 'protocol-version', 'no-answer', 'refused'] as const);
  const answer: KeepaliveEvent = { kind: 'probeAcked', id };
  return pick<KeepaliveEvent>(random, [
    ...Array<KeepaliveEvent>(12).fill(answer),
    { kind: 'packetReceived' },
    { kind: 'packetReceived' },
    { kind: 'applicationTraffic' },
    { kind: 'applicationTraffic' },
    { kind: 'applicationTraffic' },
    { kind: 'asked' },
    { kind: 'timePassed' },
    ...somewhere(random, mind),
    { kind: 'statusSettled' },
    { kind: 'probeRefused', id, detail: '' },
    { kind: 'linkClosed', cause: pick(random, ['peer-closed', 'reset', 'broker-disconnect']), detail: '' },
    ...(phase === 'connecting'
      ? [{ kind: 'connectFailed', failure: { kind: failure, message: '' } } as const]
      : []),
  ]);
}

/** Where the connection goes through, again or anew, and what others say of it. */
function somewhere(random: () => number, mind: Mind): readonly KeepaliveEvent[] {
  const network = pick(random, [HOME, HOME, AWAY]);
  const belief = mind.flash.get(network.key) ?? null;
  const survivesSeconds = pick(random, [0.1, 20, 340, 65_535]);
  const forgetsSeconds = pick(random, [null, 2 * survivesSeconds]);
  const summary = { survivesSeconds, forgetsSeconds, devices: between(random, 1, 1000) };
  return [
    { kind: 'networkIdentified', network, belief },
    { kind: 'networkIdentified', network, belief },
    { kind: 'fleetKnowledgeTold', key: network.key, summary },
  ];
}

/** A life of `events` random facts. */
function live(seed: number, events: number): Mind {
  const random = seeded(seed);
  const mind = new Mind(pick(random, CONFIGS), { random });
  mind.tell({ kind: 'started' });
  for (let n = 0; n < events; n += 1) {
    const gapMs = pick(random, [
      0,
      1,
      between(random, 0, 500),
      between(random, 0, 20_000),
      between(random, 0, 200_000),
    ]);
    mind.pass(gapMs / 1000);
    mind.power = { batteryPercent: between(random, 0, 100), external: random() < 0.5 };
    mind.signalDbm = pick(random, [null, -70, -115]);
    mind.tell(anyEvent(random, mind));
  }
  return mind;
}

/** Where a promise was made and the next one did not come in time while the link was up. */
function brokenPromises(mind: Mind): string[] {
  const broken: string[] = [];
  let dueAt = Number.POSITIVE_INFINITY;
  for (const { at, effect } of mind.happened) {
    const promiseSeconds =
      effect.kind === 'publishProbe'
        ? effect.probe.promisedSeconds
        : effect.kind === 'publishStatus'
          ? effect.status.intervalSeconds
          : null;
    const ends = effect.kind === 'log' && effect.event === 'linkLost';
    if ((promiseSeconds !== null || ends) && at > dueAt) broken.push(`due at ${dueAt}, came at ${at}`);
    if (promiseSeconds !== null) dueAt = at + promiseSeconds * 1000;
    if (ends) dueAt = Number.POSITIVE_INFINITY;
  }
  if (dueAt < mind.now) broken.push(`due at ${dueAt}, nothing until ${mind.now}`);
  return broken;
}

/** Log lines that state the interval in force. */
const CHOOSING: ReadonlySet<string> = new Set([
  'linkUp',
  'intervalChosen',
  'lapseExplained',
  'networkJoined',
  'fleetKnowledgeTold',
]);

/** Probes that time alone brought sooner than the interval in force after the one before. */
function causeless(mind: Mind): string[] {
  const found: string[] = [];
  let intervalMs = 0;
  let lastAt = 0;
  /** Another interval that was chosen since the last probe counts from that probe on. */
  let shortened = false;
  for (const { at, effect } of mind.happened) {
    if (effect.kind !== 'log') continue;
    const { event, fields } = effect;
    if (CHOOSING.has(event)) intervalMs = Number(fields.intervalSeconds) * 1000;
    if (event === 'linkUp') lastAt = at;
    else if (CHOOSING.has(event)) shortened = true;
    if (event !== 'probeSent') continue;
    const early = lastAt + intervalMs - at;
    if (fields.reason === 'interval-lapsed' && !shortened && early > 0.001)
      found.push(`${early} ms at ${at}`);
    lastAt = at;
    shortened = false;
  }
  return found;
}

describe('any life', () => {
  const seed = chooseSeed();
  const lives = new Map<number, Mind>();
  /** With `TEST_SEED` set, that life is the first. */
  const inEach = (check: (mind: Mind) => void): void => {
    for (let life = seed; life < seed + LIVES; life += 1) {
      try {
        const mind = lives.get(life) ?? live(life, 120);
        lives.set(life, mind);
        check(mind);
      } catch (error) {
        throw new Error(`TEST_SEED=${life}`, { cause: error });
      }
    }
  };

  it('keeps every promise while the link is up, and never wakes up for ever', (test) => {
    test.diagnostic(`TEST_SEED=${seed}`);
    let probes = 0;
    let connects = 0;
    inEach((mind) => {
      assert.deepEqual(brokenPromises(mind), []);
      probes += mind.probes().length;
      connects += mind.connects().length;
    });
    // A world in which nothing happens proves nothing.
    assert.ok(probes > 10 * LIVES && connects > 2 * LIVES, `${probes} probes, ${connects} connects`);
  });

  it('sends no two probes within a moment without a cause', () => {
    inEach((mind) => assert.deepEqual(causeless(mind), []));
  });

  it('promises no more than the Keep Alive of CONNECT and the Server Keep Alive allow', () => {
    inEach((mind) => {
      let ceiling = 0;
      for (const { effect } of mind.happened) {
        if (effect.kind === 'connect') ceiling = effect.keepAliveSeconds;
        if (effect.kind === 'log' && effect.event === 'linkUp') {
          ceiling = Math.min(ceiling, Number(effect.fields.serverKeepAliveSeconds) || ceiling);
        }
        if (effect.kind !== 'publishProbe') continue;
        const { promisedSeconds } = effect.probe;
        assert.ok(promisedSeconds >= 1 && promisedSeconds <= ceiling, `${promisedSeconds} of ${ceiling}`);
      }
    });
  });

  it('says only statuses that a monitor can read, and its sessions only grow', () => {
    inEach((mind) => {
      for (const status of [...mind.statuses(), ...mind.connects().map(({ will }) => will)]) {
        const bytes = encodeStatus(status);
        assert.ok(bytes.length <= MAX_STATUS_BYTES);
        assert.deepEqual(parseStatus(bytes), { ok: true, status });
      }
      const epochs = mind.connects().map(({ will }) => will.epoch);
      for (let n = 1; n < epochs.length; n += 1) assert.ok((epochs[n] ?? 0) > (epochs[n - 1] ?? 0));
    });
  });

  it('plans to be woken whenever it waits for nothing but time', () => {
    inEach((mind) => {
      const { phase } = mind.state.reconnect;
      assert.equal(mind.wakeAt === null, phase === 'connecting', phase);
    });
  });
});

describe('a day on a good path', () => {
  it('with adaptation needs fewer probes than with the fixed interval, and loses no link', () => {
    const probesOf = (config: KeepaliveConfig): number => {
      const mind = new Mind(config).begin();
      while (mind.now < 86_400_000) mind.answerNext(80);
      assert.equal(mind.connects().length, 1);
      return mind.probes().length;
    };
    const [constant, learned] = [probesOf(fixed()), probesOf(CONFIG)];
    assert.ok(constant > 2800 && learned < 200, `${constant} and ${learned}`);
  });
});
