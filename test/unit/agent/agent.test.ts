import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '../../../agent/agent.ts';
import type { KeepaliveEvent } from '../../../agent/policy/keepalive/types.ts';
import { CONFIG, HOME } from './policy/keepalive/mind.ts';

test('sleep since the last event is told to the policy first, whatever ends it, and once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let [nowMs, suspendedMs] = [0, 0];
  const done: string[] = [];
  let emit = (_event: KeepaliveEvent): void => {};
  const agent = new Agent({
    config: CONFIG,
    starts: 1,
    clock: { now: () => nowMs, suspendedMs: () => suspendedMs },
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
    timerSlack: { follow: () => {} },
  });
  void agent.run();
  emit({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
  emit({ kind: 'networkIdentified', network: HOME, belief: null });
  nowMs += 1000;
  emit({ kind: 'statusSettled' });
  assert.equal(done.includes('probe'), false);
  nowMs += 20_000;
  suspendedMs += 20_000;
  emit({ kind: 'statusSettled' });
  emit({ kind: 'statusSettled' });
  assert.deepEqual(
    done.filter((event) => event === 'probe' || event === 'resumed'),
    ['resumed', 'probe'],
  );
});
