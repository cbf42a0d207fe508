import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMonitor } from '../../../config/load.ts';
import { agentWith, BARE, monitorWith, refusal } from './helpers.ts';

const warningsOf = (overrides: Readonly<Record<string, string>>): string[] =>
  loadMonitor({ ...BARE, overrides: Object.entries(overrides) }).warnings.map(
    ({ key, problem, fix }) => `${key}: ${problem}; ${fix}`,
  );

test('what is valid and hardly meant is named', () => {
  assert.deepEqual(warningsOf({}), []);
  assert.deepEqual(warningsOf({ 'store.engine': 'redis' }), []);
  assert.match(warningsOf({ 'sinks.log': 'false', 'sinks.mqtt': 'false' }).join(), /^sinks: all are off/);
  const canary = warningsOf({ 'canary.interval': '9s' });
  assert.match(
    canary.join(),
    /^canary\.interval: 9s \+ canary\.timeout 2s is more than grace 10s.*raise grace to 11s/,
  );
  assert.deepEqual(warningsOf({ 'canary.interval': '9s', 'canary.enabled': 'false' }), []);
  assert.deepEqual(warningsOf({ 'canary.interval': '8s' }), []);
});

test('what has no effect with many monitors is named when somebody set it', () => {
  const redis = { 'store.engine': 'redis' };
  const canary = warningsOf({ ...redis, 'canary.interval': '9s' });
  assert.match(canary.join('|'), /^canary\.interval: has no effect with store\.engine "redis"; [^|]*$/);
  assert.match(
    warningsOf({ ...redis, max_grace: '60s' }).join('|'),
    /^max_grace: has no effect.*grace alone counts/,
  );
  assert.deepEqual(warningsOf({ ...redis, max_grace: '0s' }), [], 'nothing is to be learned');
  assert.deepEqual(warningsOf({ max_grace: '60s' }), []);
});

test('all that is wrong with routes and silences is said at once', () => {
  const silences = [{ groups: ['a'] }, { schedule: '0 22 * * *', duration: '1h' }];
  const routes = [{ groups: ['a'], sinks: ['webhok', 'webhook'], repeat: '5s' }, { sinks: ['command'] }];
  const { problems } = refusal(() =>
    monitorWith({ silences: JSON.stringify(silences), routes: JSON.stringify(routes) }),
  );
  assert.deepEqual(
    problems.map(({ key, problem }) => `${key} ${problem.slice(0, 30)}`),
    [
      'routes entry 1 names the sink "webhok',
      'routes entry 1 names the sink "webhoo',
      'routes entry 2 names the sink "comman',
      'routes entry 1 repeats too often',
      'silences entry 1 has to have a window',
      'silences entry 2 matches nothing',
    ],
  );
  const fields = JSON.stringify([{ group: ['a'], repeat: 'soon' }, { severities: ['fatal'] }]);
  assert.equal(refusal(() => monitorWith({ routes: fields })).problems.length, 3);
});

test('a bare number that is too much is shown as it was written', () => {
  const { message } = refusal(() => agentWith({ keepalive_interval: '30000' }));
  assert.match(message, /30000 without a unit is seconds/);
});

test('a limit of the path below the shortest interval is refused', () => {
  assert.match(
    refusal(() => agentWith({ path_limits: '10s' })).message,
    /path_limits: 10s is not above min_interval 15s.*lower min_interval/,
  );
  assert.equal(agentWith({ path_limits: '10s', min_interval: '5s' }).pathLimitSeconds, 10);
});

test('a port that cannot be is named', () => {
  const { message } = refusal(() => agentWith({ 'broker.url': 'mqtt://h:99999' }));
  assert.match(message, /names port 99999; write a port from 1 to 65535/);
});
