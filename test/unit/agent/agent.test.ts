import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '../../../agent/agent.ts';
import type { KeepaliveEvent } from '../../../agent/policy/keepalive/types.ts';
import { CONFIG, HOME } from './policy/keepalive/mind.ts';

/** An agent on a clock of the test's; what it does is noted in `done`. */
function agentAt(clock: { nowMs: number; suspendedMs: number }, done: string[], slackFor: number[] = []) {
  let emit = (_event: KeepaliveEvent): void => {};
  const agent = new Agent({
    config: CONFIG,
    starts: 1,
    clock: { now: () => clock.nowMs, suspendedMs: () => clock.suspendedMs },
    random: () => 0.5,
    log: { write: (_level, event) => done.push(event), flush: async () => {} },
    createLink: (tell) => {
      emit = tell;
      const nothing = (): void => {};
      return {
        connect: nothing,
        publishProbe: () => done.push('probe'),
        publishStatus: nothing,
        publishReport: nothing,
        close: nothing,
        openBeside: nothing,
        dropBeside: nothing,
        path: () => null,
        tuneSocket: nothing,
      };
    },
    beliefs: { load: () => null, link: () => null, save: () => {} },
    serviceManager: { watchdogMs: null, notify: () => {} },
    readPower: () => ({ batteryPercent: null, external: true }),
    readSignalDbm: () => null,
    timerSlack: { follow: (waitMs) => slackFor.push(waitMs) },
  });
  void agent.run();
  return { agent, emit };
}

test('sleep since the last event is told to the policy first, whatever ends it, and once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = { nowMs: 0, suspendedMs: 0 };
  const done: string[] = [];
  const { emit } = agentAt(clock, done);
  emit({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
  emit({ kind: 'networkIdentified', network: HOME, belief: null });
  clock.nowMs += 1000;
  emit({ kind: 'statusSettled' });
  assert.equal(done.includes('probe'), false);
  clock.nowMs += 20_000;
  clock.suspendedMs += 20_000;
  emit({ kind: 'statusSettled' });
  emit({ kind: 'statusSettled' });
  assert.deepEqual(
    done.filter((event) => event === 'probe' || event === 'resumed'),
    ['resumed', 'probe'],
  );
});

test('the timer may be late by what is waited for, not by the interval: a retry and a deadline come in time', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = { nowMs: 0, suspendedMs: 0 };
  const slackFor: number[] = [];
  const { agent, emit } = agentAt(clock, [], slackFor);
  emit({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
  emit({ kind: 'networkIdentified', network: HOME, belief: null });
  const intervalMs = slackFor.at(-1) ?? 0;
  clock.nowMs += intervalMs;
  agent.handle({ kind: 'timePassed' });
  const answerMs = slackFor.at(-1) ?? 0;
  assert.ok(answerMs > 0 && answerMs < intervalMs, `${answerMs} ms of ${intervalMs}`);
  emit({ kind: 'linkClosed', cause: 'peer-closed', detail: 'why' });
  const retryMs = slackFor.at(-1) ?? 0;
  assert.ok(retryMs > 0 && retryMs < intervalMs, `${retryMs} ms of ${intervalMs}`);
});
