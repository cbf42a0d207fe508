import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IncidentReader, localFleet } from '../../../../../../monitor/io/fleet-reader.ts';
import type { Answer } from '../../../../../../monitor/io/http/route.ts';
import { incidentRoutes } from '../../../../../../monitor/io/http/routes/incidents.ts';
import { incidentJson } from '../../../../../../monitor/io/sinks/sink.ts';
import { MemoryStore } from '../../../../../../monitor/io/stores/memory.ts';
import { at } from '../../../policy/fixtures.ts';
import { devices, IncidentBench } from '../../../policy/incident-bench.ts';
import { incidentOf, incidentRecordOf } from '../../samples.ts';

async function ask(incidents: IncidentReader, path: string, params: object, query: object): Promise<Answer> {
  const found = incidentRoutes(incidents).find((route) => route.path === path);
  assert.ok(found);
  return found.answer({ params, query, body: undefined, headers: {} });
}

describe('incidents over HTTP', () => {
  const bench = new IncidentBench(devices('d', 12, { network: 'n1' }));
  bench.pass(1);
  bench.hear(Array.from({ length: 12 }, (_, n) => `d${n}`));
  bench.pass(120);
  bench.hear(['d3']);
  const store = new MemoryStore();
  const fleet = localFleet(bench.watch, store, () => at(bench.seconds)).incidents;
  assert.ok(fleet);
  const [id = ''] = bench.incidents.keys();

  it('are listed open and resolved', async () => {
    const over = [incidentRecordOf('i1', { resolvedMs: 1000 }), incidentRecordOf('i2', { resolvedMs: 2000 })];
    await store.commit({ devices: [], transitions: [], alerts: [], messages: [], incidents: over });
    const { status, body } = await ask(fleet, '/api/incidents', {}, { limit: '1' });
    assert.equal(status, 200);
    const { total_open, open, resolved } = body as Record<string, Record<string, unknown>[]>;
    assert.equal(total_open, 1);
    assert.deepEqual(
      open?.map((incident) => [incident.id, incident.member_count, incident.alive_again_count]),
      [[id, 12, 1]],
    );
    assert.deepEqual(resolved, [incidentJson(incidentOf('i2', { resolvedMs: 2000 }))]);
  });

  it('come with all their dead members, page by page', async () => {
    const found: unknown[] = [];
    let cursor: unknown = null;
    do {
      const query = cursor === null ? { limit: '4' } : { limit: '4', cursor };
      const { status, body } = await ask(fleet, '/api/incidents/{incident}', { incident: id }, query);
      assert.equal(status, 200);
      const page = body as { members: { device: string; incident: string }[]; next: string | null };
      assert.ok(page.members.length <= 4);
      found.push(...page.members.map(({ device, incident }) => `${device} ${incident}`));
      cursor = page.next;
    } while (cursor !== null);
    const dead = Array.from({ length: 12 }, (_, n) => `d${n}`).filter((name) => name !== 'd3');
    assert.deepEqual(
      found,
      dead.sort().map((name) => `${name} ${id}`),
    );
  });

  it('that are not open are not found, and a bad id is refused', async () => {
    const path = '/api/incidents/{incident}';
    assert.equal((await ask(fleet, path, { incident: 'i1' }, {})).status, 404);
    assert.equal((await ask(fleet, path, { incident: 'a/b' }, {})).status, 400);
  });
});
