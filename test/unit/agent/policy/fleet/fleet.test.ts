import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { Device, documentOf, hashOf, NOW_SECONDS, PLAN } from './device.ts';

const OWN = { kind: 'device', name: 'pump-17' } as const;
const reconnecting = { ok: true, plan: { ...PLAN, reconnects: true } } as const;

test('settings are on flash before they are applied, and confirmed there before that is told', () => {
  const device = new Device().connect(documentOf());
  const order = device.effects.flatMap((effect) =>
    effect.kind === 'store' ? [`store ${effect.purpose}`] : effect.kind === 'apply' ? ['apply'] : [],
  );
  assert.deepEqual(order, ['store candidate', 'apply']);
  assert.equal(device.flash.candidate?.heard.document.version, 1);
  device.passTrial();
  assert.equal(device.fate, 'confirmed');
  assert.equal(device.flash.candidate, null);
  assert.deepEqual(device.running, ['group:pilot v1']);
  const at = (kind: string) => device.effects.findLastIndex((effect) => effect.kind === kind);
  assert.ok(at('store') < at('report'));
});

test('an answer to a probe from before the trial proves nothing', () => {
  const device = new Device().connect();
  device.tell({ kind: 'probeSent', id: 1000 });
  device.hear(documentOf());
  for (let i = 0; i < 5; i += 1) device.tell({ kind: 'probeAcked', id: 1000 });
  assert.notEqual(device.state.trial, null);
});

test('a fixed interval is proven by probes that came after it, not by others that came sooner', () => {
  const device = new Device();
  device.checked = { ok: true, plan: { ...PLAN, fixedIntervalMs: 15_000 } };
  device.connect(documentOf());
  for (let i = 0; i < 5; i += 1) device.probe();
  assert.equal(device.fate, 'trying');
  device.nowMs += 15_000;
  device.probe();
  assert.equal(device.fate, 'trying');
  device.nowMs += 15_000;
  device.probe();
  assert.equal(device.fate, 'confirmed');
});

test('where the interval adapts, probes are asked for in time', () => {
  const device = new Device().connect(documentOf());
  assert.equal(device.probesWanted, 1);
  device.probe();
  device.pass(59);
  assert.equal(device.fate, 'confirmed');
});

describe('a trial that fails', () => {
  const cases: readonly [string, typeof reconnecting | undefined, (device: Device) => void, string][] = [
    ['never connects', reconnecting, (device) => device.failToConnect(), 'no-connection'],
    ['has no attempt that ends', reconnecting, () => {}, 'no-connection'],
    ['is refused', reconnecting, (device) => device.failToConnect('refused'), 'refused-by-broker'],
    ['does not trust the broker', reconnecting, (device) => device.failToConnect('tls'), 'tls-failed'],
    ['may not send probes', reconnecting, (device) => device.connect().probe('refused'), 'refused-by-broker'],
    [
      'loses its connection at each probe',
      undefined,
      (device) => {
        for (let i = 0; i < 3; i += 1) {
          device.probe();
          device.probe('none');
          device.lose();
          device.connect();
        }
      },
      'no-answers',
    ],
    ['is answered too slowly', undefined, (device) => device.probe(), 'late'],
  ];
  for (const [what, checked, happens, reason] of cases) {
    it(`because it ${what} is taken back with reason ${reason}`, () => {
      const device = new Device();
      if (checked !== undefined) device.checked = checked;
      device.connect(documentOf());
      happens(device);
      device.nowMs = 60_000;
      device.tell({ kind: 'timePassed' });
      assert.deepEqual(device.inForce, []);
      // Last-good is proven by an answer.
      device.connect().probe();
      assert.equal(device.fate, `rolled-back ${reason}`);
      assert.equal(device.flash.candidate, null);
      assert.deepEqual(device.running, []);
    });
  }

  it('is not waited for when the far side has refused it as often as probes would be sent', () => {
    const device = new Device();
    device.checked = reconnecting;
    device.connect(documentOf());
    for (let i = 0; i < 3; i += 1) device.failToConnect('refused');
    assert.equal(device.state.trial, null);
    assert.equal(device.state.recovery?.failure, 'refused-by-broker');
  });

  it('proves nothing when the settings from before do not connect either, and may be tried again', () => {
    const device = new Device();
    device.checked = reconnecting;
    device.connect(documentOf());
    device.failToConnect();
    device.nowMs = 60_000;
    device.tell({ kind: 'timePassed' });
    device.failToConnect();
    device.failToConnect();
    assert.equal(device.fate, 'rolled-back network-out');
    device.connect(documentOf());
    assert.equal(device.fate, 'trying');
    assert.equal(device.last?.attempt, 2);
  });

  it('is not to blame for a broker that is away when it did not touch the connection', () => {
    const device = new Device().connect(documentOf());
    device.lose();
    device.failToConnect('port-closed');
    device.nowMs = 60_000;
    device.tell({ kind: 'timePassed' });
    assert.equal(device.fate, 'rolled-back network-out');
  });

  it('is not tried again, however often it is heard, and keeps its reason', () => {
    const device = new Device().connect(documentOf());
    device.pass(0);
    device.probe('none');
    device.nowMs = 60_000;
    device.tell({ kind: 'timePassed' });
    device.probe();
    assert.match(device.fate, /^rolled-back/);
    const { fate } = device;
    const applied = device.applied.length;
    device.connect(documentOf());
    assert.equal(device.fate, fate);
    assert.equal(device.applied.length, applied);
    const again = device.restarted().connect(documentOf());
    assert.equal(again.fate, fate);
    assert.equal(again.applied.length, 0);
  });
});

test('three trials that prove nothing are enough', () => {
  let device = new Device();
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    device.connect(documentOf());
    assert.equal(device.last?.attempt, attempt);
    device = device.restarted();
    assert.equal(device.fate, 'rolled-back interrupted');
  }
  device.connect(documentOf());
  assert.equal(device.fate, 'refused gave-up');
  assert.deepEqual(device.applied, []);
});

describe('a refusal', () => {
  const sameAgain = documentOf({ version: 5 });
  const cases: readonly [string, Parameters<typeof documentOf>[0], string][] = [
    ['for another group', { target: { kind: 'group', name: 'others' } }, 'other-target'],
    ['for another device', { target: { kind: 'device', name: 'pump-18' } }, 'other-target'],
    ['of an older version', { version: 4 }, 'older-version'],
    ['of the same version with other content', { version: 5, settings: {} }, 'older-version'],
    ['that has expired', { version: 6, expiresAt: NOW_SECONDS }, 'expired'],
    ['from the future', { version: 6, issuedAt: NOW_SECONDS + 600 }, 'not-yet-valid'],
  ];
  for (const [what, change, reason] of cases) {
    it(`of a document ${what} says ${reason} and changes nothing`, () => {
      const device = new Device().connect(sameAgain);
      device.passTrial();
      const { flash, applied } = device;
      const before = applied.length;
      device.hear(documentOf(change), 'f'.repeat(16));
      assert.equal(device.state.refusals[reason], 1);
      assert.equal(device.flash, flash);
      assert.equal(device.applied.length, before);
      device.hear(documentOf(change), 'f'.repeat(16));
      assert.equal(device.state.refusals[reason], 1, 'heard again, it is counted once');
    });
  }

  it('is not told of the document that runs', () => {
    const device = new Device().connect(sameAgain);
    device.passTrial();
    const reports = device.reports.length;
    device.hear(sameAgain);
    assert.equal(device.fate, 'confirmed');
    assert.equal(device.reports.length, reports);
  });

  it('never hides how the last document of the key holder ended', () => {
    const device = new Device().connect(sameAgain);
    device.passTrial();
    device.tell({ kind: 'documentRefused', hash: 'f'.repeat(16), refusal: 'bad-signature', detail: '' });
    device.hear(documentOf({ version: 1 }), 'e'.repeat(16));
    assert.equal(device.fate, 'confirmed');
    assert.deepEqual(device.reports.at(-1)?.refusals, { 'bad-signature': 1, 'older-version': 1 });
  });

  it('names settings that cannot be used', () => {
    const device = new Device();
    device.checked = { ok: false, refusal: 'forbidden-setting', detail: 'device.name cannot be pushed' };
    device.connect(documentOf());
    assert.equal(device.fate, 'refused forbidden-setting');
    assert.equal(device.last?.detail, 'device.name cannot be pushed');
    assert.deepEqual(device.applied, []);
    // The version was not accepted: mended, it may come again.
    device.checked = { ok: true, plan: PLAN };
    device.hear(documentOf());
    assert.equal(device.fate, 'trying');
  });

  it('names a fixed interval that could not be confirmed in time', () => {
    const device = new Device();
    device.checked = { ok: true, plan: { ...PLAN, fixedIntervalMs: 20_001 } };
    device.connect(documentOf());
    assert.equal(device.fate, 'refused cannot-confirm-in-time');
    device.checked = { ok: true, plan: { ...PLAN, fixedIntervalMs: 20_000 } };
    device.hear(documentOf({ version: 2 }));
    assert.equal(device.fate, 'trying');
  });

  it('for want of a place to store it applies nothing', () => {
    const device = new Device();
    device.failing = ['candidate'];
    device.connect(documentOf());
    assert.equal(device.fate, 'refused cannot-store');
    assert.deepEqual(device.applied, []);
  });
});

test('times are not compared with a clock that cannot be right', () => {
  for (const wallSeconds of [0, NOW_SECONDS - 365 * 86_400]) {
    const device = new Device();
    device.wallSeconds = wallSeconds;
    device.connect(documentOf());
    assert.equal(device.fate, 'trying', String(wallSeconds));
  }
  // It once was later than it is now: the clock has gone back, and what expired since may not pass for valid.
  const device = new Device().connect(documentOf());
  device.passTrial();
  device.wallSeconds = NOW_SECONDS - 3600;
  device.hear(documentOf({ version: 2, issuedAt: NOW_SECONDS, expiresAt: NOW_SECONDS + 1 }));
  assert.equal(device.fate, 'trying');
});

test('a confirmation that cannot be stored is tried again, and at the end taken back', () => {
  const device = new Device();
  device.failing = ['confirmed'];
  device.connect(documentOf());
  device.passTrial();
  assert.equal(device.fate, 'trying');
  device.failing = [];
  device.probe();
  assert.equal(device.fate, 'confirmed');

  const other = new Device();
  other.failing = ['confirmed'];
  other.connect(documentOf());
  other.passTrial();
  other.pass(60);
  assert.equal(other.fate, 'rolled-back cannot-store');
  assert.deepEqual(other.inForce, []);
});

test('later groups lie over earlier ones, the device over all', () => {
  const device = new Device().connect(
    documentOf({ target: OWN }),
    documentOf(),
    documentOf({ target: { kind: 'group', name: 'pumps' }, version: 7 }),
  );
  for (let i = 0; i < 3; i += 1) device.passTrial();
  assert.deepEqual(device.inForce, ['group:pumps v7', 'group:pilot v1', 'device:pump-17 v1']);
  assert.deepEqual(device.running, device.inForce);
  assert.equal(device.effects.findLast((effect) => effect.kind === 'versionChanged')?.version, 7);
});

test('one document at a time; the newest of those that wait gets its turn', () => {
  const device = new Device().connect(documentOf(), documentOf({ target: OWN, version: 1 }));
  device.hear(documentOf({ target: OWN, version: 3 }));
  device.hear(documentOf({ target: OWN, version: 2 }));
  assert.deepEqual(device.inForce, ['group:pilot v1']);
  device.passTrial();
  assert.deepEqual(device.inForce, ['group:pilot v1', 'device:pump-17 v3']);
});

test('a newer document for the same target ends the trial, unless it is none', () => {
  const device = new Device().connect(documentOf());
  device.checked = { ok: false, refusal: 'bad-setting', detail: 'what it says' };
  device.hear(documentOf({ version: 2 }));
  assert.deepEqual(device.inForce, ['group:pilot v1']);
  device.checked = { ok: true, plan: PLAN };
  device.hear(documentOf({ version: 3 }));
  assert.deepEqual(device.inForce, ['group:pilot v3']);
  const fates = device.effects.flatMap((effect) =>
    effect.kind === 'log' && effect.event === 'configurationRolledBack' ? [effect.fields.reason] : [],
  );
  assert.deepEqual(fates, ['superseded']);
});

test('pushed keys hold once they are confirmed', () => {
  const device = new Device().connect(documentOf({ trustedKeys: ['A'.repeat(43)] }));
  assert.equal(device.flash.keys, null);
  device.passTrial();
  assert.deepEqual(device.flash.keys, { boundTo: 'own-keys', keys: ['A'.repeat(43)] });
  assert.ok(device.effects.some(({ kind }) => kind === 'listen'));
});

test('what was told is not told again, but with the next connection when it did not arrive', () => {
  const device = new Device().connect(documentOf());
  device.passTrial();
  const told = device.reports.length;
  device.lose();
  device.connect(documentOf());
  assert.equal(device.reports.length, told);
  device.lose();
  device.tell({ kind: 'reportSettled', ok: false });
  assert.equal(device.reports.length, told);
  device.connect();
  assert.equal(device.reports.length, told + 1);
});

test('a device that slept through its trial has proven nothing', () => {
  const device = new Device().connect(documentOf());
  device.probe();
  device.nowMs += 3_600_000;
  device.tell({ kind: 'resumed', asleepMs: 3_600_000 });
  assert.equal(device.fate, 'rolled-back interrupted');
  assert.deepEqual(device.inForce, []);
});

test('documents that no longer fit the file are left out, and may come again', () => {
  const before = new Device().connect(documentOf());
  before.passTrial();
  const device = before.restarted();
  device.tell({
    kind: 'started',
    ...{ wallSeconds: NOW_SECONDS, overridden: [], leftOut: [hashOf(documentOf())], damaged: false },
  });
  device.connect();
  assert.deepEqual(device.running, []);
  device.hear(documentOf());
  device.passTrial();
  assert.deepEqual(device.running, ['group:pilot v1']);
});

test('a broker that comes back just before the end leaves no time to prove anything', () => {
  const device = new Device().connect(documentOf());
  device.probe();
  device.lose();
  device.failToConnect('port-closed');
  device.nowMs = 58_000;
  device.connect();
  device.probe();
  device.nowMs = 60_000;
  device.tell({ kind: 'timePassed' });
  assert.equal(device.fate, 'rolled-back network-out');
  assert.ok(
    device.effects.some(({ kind }) => kind === 'listen'),
    'it may be tried again, so it is asked for',
  );
  device.hear(documentOf());
  assert.equal(device.last?.attempt, 2);
});

test('only answers in a row count', () => {
  const device = new Device().connect(documentOf());
  for (const answer of ['acked', 'acked', 'refused', 'acked', 'acked'] as const) device.probe(answer);
  assert.equal(device.fate, 'trying');
  device.lose();
  device.connect();
  device.probe();
  device.probe();
  assert.equal(device.fate, 'trying');
  device.probe();
  assert.equal(device.fate, 'confirmed');
});
