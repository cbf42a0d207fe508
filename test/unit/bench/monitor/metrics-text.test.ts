import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Metrics } from '../../../../bench/monitor/metrics-text.ts';

it('adds up the series of one name, and of no longer one', () => {
  const metrics = new Metrics(
    [
      '# TYPE khd_transitions_total counter',
      'khd_transitions_total{to="dead",cause="timeout-lapsed"} 5',
      'khd_transitions_total{to="dead",cause="other"} 2',
      'khd_transitions_total{to="alive",cause="first-heard"} 100',
      'khd_probes_total 1234',
      'khd_probes_total_of_something 1',
      'nodejs_eventloop_lag_p99_seconds 0.0123',
    ].join('\n'),
  );
  assert.equal(metrics.sum('khd_transitions_total', 'to="dead"'), 7);
  assert.equal(metrics.sum('khd_transitions_total'), 107);
  assert.equal(metrics.sum('khd_probes_total'), 1234);
  assert.equal(metrics.sum('nodejs_eventloop_lag_p99_seconds'), 0.0123);
  assert.equal(metrics.sum('absent'), 0);
});
