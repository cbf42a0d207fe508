import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorWith, refusal } from './helpers.ts';

const CASES: readonly (readonly [key: string, value: unknown, reason: RegExp])[] = [
  ['routes', 'all', /is not a list; write a list of \{ … \} with any of: groups, networks/],
  ['routes', ['log'], /entry \(number 1\) that is not a section/],
  [
    'routes',
    [{ sinks: ['log'], group: ['a'] }],
    /entry \(number 1\) with the unknown field "group"; use any/,
  ],
  ['routes', [{}, { severities: ['fatal'] }], /number 2\) whose severities holds "fatal"; .*"warning"/],
  ['routes', [{ groups: ['a', 'a'] }], /whose groups holds a name twice/],
  ['routes', [{ groups: ['a b'] }], /whose groups holds "a b", which is not a name/],
  ['routes', [{ sinks: ['webhok'] }], /sink "webhok", which does not exist; did you mean "webhook"\?/],
  ['routes', [{ sinks: ['webhook'] }], /"webhook", which is not switched on; set up sinks.webhook/],
  ['routes', [{ sinks: ['log'] }, { sinks: [] }], /entry 1 takes everything, and nothing reaches entry 2/],
  ['routes', [{ sinks: ['log'], repeat: '5s' }], /entry 1 repeats too often; write 1m or more, or 0/],
  ['repeat_interval', '5s', /is out of range; write 1m/],
  ['silences', [{ groups: ['a'] }], /entry 1 has to have a window; write from and to, or schedule/],
  ['silences', [{ groups: ['a'], from: '2026-12-01T22:00' }], /whose from is not a moment; .*zone/],
  ['silences', [{ groups: ['a'], from: '2026-12-01T22:00Z' }], /only one of from and to/],
  ['silences', [{ groups: ['a'], schedule: '0 22 * * *' }], /only one of schedule and duration/],
  ['silences', [{ groups: ['a'], schedule: '0 99 * * *', duration: '1h' }], /whose schedule is not a sched/],
  [
    'silences',
    [{ all: true, from: '2026-12-01T22:00Z', to: '2026-12-01T22:00Z' }],
    /entry 1 ends before it begins/,
  ],
  ['silences', [{ schedule: '0 22 * * *', duration: '1h' }], /matches nothing; .*or all: true/],
  ['silences', [{ all: true, devices: ['d'], schedule: '0 22 * * *', duration: '1h' }], /all: true and/],
  ['sinks.command.argv', 'notify,--now', /not an absolute path; .*"\/usr\/local\/bin\/notify"/],
  ['sinks.alertmanager.urls', 'ftp://h', /holds a URL that has the scheme "ftp"; write http/],
  ['sinks.alertmanager.urls', 'http://h,http://h', /holds a URL twice/],
];

for (const [key, value, reason] of CASES) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  test(`${key}: ${text.slice(0, 70)} is refused`, () => {
    const error = refusal(() => monitorWith({ [key]: text }));
    assert.deepEqual(
      error.problems.map((problem) => problem.key),
      [key],
    );
    assert.match(error.message, reason);
  });
}

test('routes, silences and sinks reach the code in base units', () => {
  const settings = monitorWith({
    'sinks.mqtt': 'false',
    'sinks.alertmanager.urls': 'http://am-1:9093,http://am-2:9093',
    'sinks.command.argv': '/bin/notify,--json',
    repeat_interval: '4h',
    routes: JSON.stringify([
      { groups: ['north'], sinks: ['command'], repeat: '1h', continue: true },
      { severities: ['critical'], sinks: ['alertmanager', 'log'], repeat: 0 },
      { sinks: ['log'] },
    ]),
    silences: JSON.stringify([
      { comment: 'upgrade', networks: ['n1'], from: '2026-12-01T22:00Z', to: '2026-12-02T00:00+01:00' },
      { all: true, schedule: '0 3 * * sun', duration: '90m' },
    ]),
  });
  assert.deepEqual(settings.routing.sinks, ['log', 'alertmanager', 'command']);
  assert.deepEqual(
    settings.routing.routes.map(({ sinks, repeatSeconds, continues }) => ({
      sinks,
      repeatSeconds,
      continues,
    })),
    [
      { sinks: ['command'], repeatSeconds: 3600, continues: true },
      { sinks: ['alertmanager', 'log'], repeatSeconds: null, continues: false },
      { sinks: ['log'], repeatSeconds: 14_400, continues: false },
    ],
  );
  assert.deepEqual(
    settings.silences.map(({ id, window }) => ({ id, window })),
    [
      {
        id: 'config:1',
        window: { kind: 'once', fromMs: Date.UTC(2026, 11, 1, 22), toMs: Date.UTC(2026, 11, 1, 23) },
      },
      { id: 'config:2', window: { kind: 'recurring', schedule: '0 3 * * sun', durationSeconds: 5400 } },
    ],
  );
});
