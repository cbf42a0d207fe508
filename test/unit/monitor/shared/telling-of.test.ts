import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SinkView } from '../../../../monitor/io/outbox.ts';
import type { SharedSilences } from '../../../../monitor/shared/shared-silences.ts';
import { queueLengths, tellingOf } from '../../../../monitor/shared/telling-of.ts';

const closed = { circuit: 'closed', failures: 0, lastError: null, openUntilMs: null, waiting: 0 } as const;
const views: readonly SinkView[] = [
  { ...closed, sink: 'log', pending: 1 },
  { ...closed, sink: 'webhook', pending: 1, circuit: 'open', failures: 3, lastError: '500' },
];

describe('the sinks of many monitors', () => {
  it('owe what the fleet owes, and are as this replica finds them', async () => {
    const lengths = new Map([
      ['log', 0],
      ['webhook', 2],
    ]);
    const client = {
      command: async (name: string, [key]: readonly unknown[]) => [name, lengths.get(String(key))][1],
    };
    const face = tellingOf({} as SharedSilences, {
      views: () => views,
      owedOfAlerts: (at) => [5, 7][at] ?? 0,
      owedOfIncidents: (sinks) => queueLengths(client, sinks),
    });
    const [log, webhook] = await face.sinks();
    assert.deepEqual([log?.pending, webhook?.pending], [5, 9]);
    assert.deepEqual([webhook?.circuit, webhook?.failures, webhook?.lastError], ['open', 3, '500']);
  });

  it('are told of while Redis is away, by the last ticks', async () => {
    const face = tellingOf({} as SharedSilences, {
      views: () => views,
      owedOfAlerts: () => 4,
      owedOfIncidents: () => Promise.reject(new Error('no answer')),
    });
    assert.deepEqual(
      (await face.sinks()).map(({ pending }) => pending),
      [4, 4],
    );
  });
});
