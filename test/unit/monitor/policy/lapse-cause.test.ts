import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAPSE_CAUSES } from '../../../../monitor/policy/device.ts';
import { type LapseEvidence, lapseCauseOf, lapseCauseText } from '../../../../monitor/policy/lapse-cause.ts';
import { at, listening, probe, record, run, status } from './fixtures.ts';

const NOTHING: LapseEvidence = {
  batteryFlat: false,
  networkWide: false,
  sinceOutage: false,
  signalDbm: null,
  sessionEnded: false,
};

test('each piece of evidence names its cause; without any it is unexplained', () => {
  assert.equal(lapseCauseOf(NOTHING), 'unexplained');
  assert.equal(lapseCauseOf({ ...NOTHING, sessionEnded: true }), 'session-ended');
  assert.equal(lapseCauseOf({ ...NOTHING, signalDbm: -110, sessionEnded: true }), 'weak-signal');
  assert.equal(lapseCauseOf({ ...NOTHING, signalDbm: -80 }), 'unexplained');
  assert.equal(lapseCauseOf({ ...NOTHING, sinceOutage: true, sessionEnded: true }), 'since-outage');
  assert.equal(lapseCauseOf({ ...NOTHING, networkWide: true, sinceOutage: true }), 'network-wide');
  assert.equal(lapseCauseOf({ ...NOTHING, batteryFlat: true, networkWide: true }), 'battery-empty');
});

test('every cause has words', () => {
  const texts = LAPSE_CAUSES.map((cause) => lapseCauseText(cause, record()));
  assert.equal(new Set(texts).size, LAPSE_CAUSES.length);
});

/** The cause of the death of `a` that follows, as transition, alert and view tell it. */
function causeAfter(watch: ReturnType<typeof listening>, fromSeconds: number): string | undefined {
  const steps = run(watch, fromSeconds, fromSeconds + 1000).map(({ step }) => step);
  const death = steps
    .flatMap(({ transitions }) => transitions)
    .find(({ to, device }) => to === 'dead' && device === 'a');
  const alert = steps.flatMap(({ alerts }) => alerts).find(({ device }) => device === 'a');
  assert.equal(alert?.lapseCause, death?.lapseCause);
  assert.equal(watch.view('a')?.lapseCause, death?.lapseCause);
  return death?.lapseCause;
}

test('the watch gathers the evidence: battery, signal, will', () => {
  const vitals = { batteryPercent: 90, signalDbm: -70, rttMs: 40, reconnects: 0 };
  const stating = (changes: Partial<typeof vitals>) => {
    const watch = listening();
    watch.probeHeard('a', probe(30, { ...vitals, ...changes }), at(1));
    return watch;
  };
  assert.equal(causeAfter(stating({}), 1), 'unexplained');
  assert.equal(causeAfter(stating({ batteryPercent: 3 }), 1), 'battery-empty');
  assert.equal(causeAfter(stating({ signalDbm: -112 }), 1), 'weak-signal');
  const willed = stating({});
  willed.statusHeard('a', status({ state: 'offline' }), false, at(10));
  assert.equal(causeAfter(willed, 10), 'session-ended');
});

test('the watch gathers the evidence: an outage before, the whole network around', () => {
  const away = listening();
  away.probeHeard('a', probe(), at(1));
  away.doubt('link-lost', at(10));
  away.trust('link-lost', at(60));
  assert.equal(causeAfter(away, 60), 'since-outage');
  const around = (network: string) => {
    const watch = listening();
    watch.statusHeard('a', status({ network: 'home' }), false, at(1));
    for (const name of ['b', 'c', 'd']) watch.statusHeard(name, status({ network }), false, at(1));
    return watch;
  };
  assert.equal(causeAfter(around('home'), 1), 'network-wide');
  assert.equal(causeAfter(around('elsewhere'), 1), 'unexplained');
});
