import assert from 'node:assert/strict';
import { it } from 'node:test';
import { owedFor } from '../../../../../monitor/shared/policy/owed.ts';
import { alertOf, transitionOf } from '../../io/samples.ts';

const settings = {
  severity: { device: 'warning', incident: 'critical', criticalGroups: ['pumps'] },
  routing: {
    routes: [
      {
        groups: ['pumps'],
        networks: [],
        severities: [],
        sinks: ['webhook'],
        repeatSeconds: null,
        continues: false,
      },
      { groups: ['lamps'], networks: [], severities: [], sinks: [], repeatSeconds: null, continues: false },
    ],
    sinks: ['log', 'webhook'],
    repeatSeconds: null,
  },
} as const;

it('an alert is owed to the sinks of its route, opened and resolved alike, under the key of its transition', () => {
  const pump = alertOf('d', 4, { groups: ['pumps'] });
  const opened = owedFor(pump, transitionOf('d', 4, { epoch: 7 }), settings);
  assert.deepEqual(
    opened.map(({ sink, event, severity, idempotencyKey }) => [sink, event, severity, idempotencyKey]),
    [['webhook', 'opened', 'critical', 'd:7:4']],
  );
  const over = owedFor({ ...pump, resolvedMs: 9 }, transitionOf('d', 5, { epoch: 8 }), settings);
  assert.deepEqual(
    over.map(({ sink, event, idempotencyKey }) => [sink, event, idempotencyKey]),
    [['webhook', 'resolved', 'd:8:5']],
  );
});

it('what no route matches goes to every sink, and to nobody where a route says so', () => {
  const other = owedFor(alertOf('d', 4), transitionOf('d', 4), settings);
  assert.deepEqual(
    other.map(({ sink, severity }) => [sink, severity]),
    [
      ['log', 'warning'],
      ['webhook', 'warning'],
    ],
  );
  assert.deepEqual(owedFor(alertOf('d', 4, { groups: ['lamps'] }), transitionOf('d', 4), settings), []);
  assert.deepEqual(owedFor(null, transitionOf('d', 4), settings), []);
});
