import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { createMetrics } from '../../../../monitor/io/metrics.ts';

it('the table of metrics is what /metrics says', async () => {
  const metrics = createMetrics({
    counts: () => ({ unknown: 0, alive: 1, late: 0, dead: 0, left: 0 }),
    totals: () => ({
      ...{ probes: 1, statuses: 1, lapses: 0, refusals: {} },
      transitions: [{ to: 'dead', cause: 'timeout-lapsed', count: 1 }],
      deaths: new Map([['unexplained', 1]]),
    }),
    doubts: () => [],
    doubtMs: () => 0,
    refused: () => [['not-json', 1]],
    pending: () => [['log', 1]],
    load: () => ({ utilization: 0, lagSeconds: 0, commitsWaiting: 0 }),
    rollouts: () => [],
    configurations: () => [],
    circuits: () => [['log', 'closed']],
  });
  metrics.delivery('log', 'delivered');
  const text = await metrics.text();
  const said = [...text.matchAll(/^# HELP (khd_\w+) (.*)\n# TYPE \w+ (\w+)\n\1(?:\{(.*?)\})? /gm)].map(
    ([, name, help, type, labels]) => {
      const named = [...(labels ?? '').matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} |${named === '' ? '' : ` ${named}`} | ${help} |`;
    },
  );
  assert.equal(said.length, text.match(/^# HELP khd_/gm)?.length);
  const documented = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = documented.split('\n').filter((line) => line.startsWith('| `khd_'));
  assert.deepEqual(rows.toSorted(), said.toSorted());
});
