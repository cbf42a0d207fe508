import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { localFleet } from '../../../../../monitor/io/fleet-reader.ts';
import { type HttpServer, startHttp } from '../../../../../monitor/io/http/server.ts';
import { createMetrics } from '../../../../../monitor/io/metrics.ts';
import { MemoryStore } from '../../../../../monitor/io/stores/memory.ts';
import { NetworkTable } from '../../../../../monitor/policy/network-table.ts';
import { Watch } from '../../../../../monitor/policy/watch.ts';
import type { Status } from '../../../../../protocol/status.ts';
import { FakeClock } from '../fakes.ts';
import { alertOf, recordOf, transitionOf } from '../samples.ts';

const LIVENESS = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 1,
  stallSeconds: 2,
  reconnectSeconds: 0,
  canary: null,
};
const TOKEN = 'correct horse';

/** The fields that are asserted one by one; which of them an answer has is the test's to know. */
interface Body {
  readonly total: number;
  readonly counts: Record<string, number>;
  readonly devices: readonly Record<string, unknown>[];
  readonly state: string;
  readonly vitals: unknown;
  readonly next_due: string | null;
  readonly transitions: readonly { readonly sequence: number }[];
  readonly fleet: unknown;
  readonly networks: readonly Record<string, unknown>[];
  readonly total_open: number;
  readonly open: readonly Record<string, unknown>[];
  readonly resolved: readonly Record<string, unknown>[];
  readonly error: {
    readonly code: string;
    readonly field: string;
    readonly value: string;
    readonly allowed: string;
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

const ONLINE: Status = {
  ...{ state: 'online', epoch: 1, intervalSeconds: 10, count: 3, reason: '', agentVersion: '' },
  ...{ network: null, groups: [], configurationVersion: null },
  counters: { probes: 0, reconnects: 0, lapses: 0 },
};

describe('the HTTP API', () => {
  let clock: FakeClock;
  let watch: Watch;
  let store: MemoryStore;
  let networks: NetworkTable;
  let server: HttpServer | null = null;

  async function serve(token?: string): Promise<void> {
    const metrics = createMetrics({
      counts: () => watch.counts(),
      totals: () => watch.totals(),
      doubts: () => watch.doubts,
      doubtMs: () => 0,
      refused: () => [['probe-bad-length', 3] as const],
      load: () => ({ utilization: 0.25, lagSeconds: 0.5, commitsWaiting: 7 }),
      pending: () => [['webhook', 2] as const],
      incidents: () => ['network'],
      incidentTotals: () => new Map([['network', 2] as const]),
    });
    metrics.delivery('webhook', 'passing');
    server = await startHttp({
      settings: { host: '127.0.0.1', port: 0, ...(token === undefined ? {} : { token }) },
      fleet: localFleet(watch, store, () => clock.now()),
      metrics,
      networks,
      now: () => clock.now(),
    });
  }

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    if (server === null) await serve();
    const response = await fetch(`${server?.url}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  }

  beforeEach(async () => {
    clock = new FakeClock();
    store = new MemoryStore();
    const records = [
      recordOf('a', { network: 'n1', groups: ['g'], lastHeardMs: clock.now().wallMs - 5000 }),
      recordOf('b', { state: 'dead', vitals: null }),
      recordOf('c', { state: 'dead' }),
    ];
    await store.commit({
      devices: records,
      transitions: [transitionOf('b', 1), transitionOf('b', 2)],
      alerts: [alertOf('b', 2), alertOf('c', 1, { resolvedMs: 5000 })],
      messages: [],
    });
    const atMs = clock.now().wallMs;
    const vote = { epoch: 1, atMs, survivesSeconds: 290, forgetsSeconds: 310 };
    networks = new NetworkTable([
      {
        network: 'n1',
        votes: [
          { ...vote, device: 'a' },
          { ...vote, device: 'b' },
        ],
      },
      { network: 'n2', votes: [{ ...vote, device: 'c', forgetsSeconds: null }] },
      { network: 'n3', votes: [] },
    ]);
    watch = new Watch(LIVENESS, records, store.openAlerts(), clock.now());
    watch.trust('link-lost', clock.now());
  });
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  it('lists devices in full, by state, within a limit', async () => {
    const { status, body } = await ask('/api/devices');
    assert.equal(status, 200);
    assert.equal(body.total, 3);
    assert.deepEqual(body.counts, { unknown: 1, alive: 0, late: 0, dead: 2, left: 0 });
    assert.deepEqual(body.devices[0], {
      device: 'a',
      state: 'unknown',
      state_since: '1970-01-01T00:00:01.000Z',
      last_heard: '2025-12-31T23:59:55.000Z',
      silent_seconds: 5,
      next_due: '2026-01-01T00:00:30.000Z',
      dead_at: '2026-01-01T00:01:31.000Z',
      keepalive_interval: 30,
      keepalive_count: 3,
      keepalive_timeout: 90,
      lapse_cause: null,
      reason: 'base interval',
      vitals: { battery_percent: 80, signal_dbm: -70, rtt_ms: 40, reconnects: 2 },
      groups: ['g'],
      network: 'n1',
      agent_version: '0.1.0',
      configuration_version: null,
      epoch: 1,
      counters: { probes: 1, reconnects: 0, lapses: 0 },
    });
    const dead = (await ask('/api/devices?state=dead&limit=1')).body;
    assert.equal(dead.total, 2);
    assert.deepEqual(
      dead.devices.map(({ device }) => device),
      ['b'],
    );
    assert.deepEqual((await ask('/api/devices?state=late')).body.devices, []);
  });

  it('shows one device with its last transitions, newest first', async () => {
    const { body } = await ask('/api/devices/b');
    assert.equal(body.state, 'dead');
    assert.equal(body.vitals, null);
    assert.equal(body.next_due, null);
    assert.deepEqual(
      body.transitions.map(({ sequence }) => sequence),
      [2, 1],
    );
    assert.deepEqual(body.transitions[1], {
      sequence: 1,
      from: 'late',
      to: 'dead',
      cause: 'timeout-lapsed',
      lapse_cause: null,
      at: '1970-01-01T00:00:01.000Z',
      last_heard: '1970-01-01T00:00:00.500Z',
      keepalive_interval: 30,
      keepalive_count: 3,
    });
  });

  it('lists open alerts and those resolved of late', async () => {
    const { body } = await ask('/api/alerts');
    assert.equal(body.total_open, 1);
    assert.equal(body.open[0]?.id, 'b:2');
    assert.equal(body.open[0]?.resolved_at, null);
    assert.equal(body.resolved[0]?.id, 'c:1');
    assert.equal(body.resolved[0]?.resolved_at, '1970-01-01T00:00:05.000Z');
  });

  it('lists what the fleet learned of its networks, within a limit', async () => {
    const { status, body } = await ask('/api/networks');
    assert.equal(status, 200);
    assert.equal(body.total, 2);
    const grace = {
      grace_seconds: 1,
      grace_reason: 'base',
      lateness_seconds: 0,
      lateness_deviation_seconds: 0,
      lateness_samples: 0,
    };
    assert.deepEqual(body.fleet, grace);
    assert.deepEqual(body.networks, [
      {
        ...grace,
        network: 'n1',
        devices: 2,
        weight: 2,
        survives_seconds: 290,
        forgets_seconds: 310,
        spikes: [{ survives_seconds: 290, forgets_seconds: 310, weight: 2 }],
        reports: 2,
        newest_report: '2026-01-01T00:00:00.000Z',
      },
      {
        ...grace,
        network: 'n2',
        devices: 1,
        weight: 0.3,
        survives_seconds: 290,
        forgets_seconds: null,
        spikes: [{ survives_seconds: 290, forgets_seconds: null, weight: 0.3 }],
        reports: 1,
        newest_report: '2026-01-01T00:00:00.000Z',
      },
    ]);
    assert.equal((await ask('/api/networks?limit=1')).body.networks.length, 1);
    assert.equal((await ask('/api/networks?state=dead')).status, 400);
  });

  it('lists networks of which only the jitter is known', async () => {
    watch = new Watch({ ...LIVENESS, maxGraceSeconds: 20 }, [], [], clock.now());
    watch.trust('link-lost', clock.now());
    watch.statusHeard('x', { ...ONLINE, network: 'n3' }, false, clock.now());
    for (let n = 0; n < 31; n += 1) {
      await clock.pass(11_900);
      watch.advance(clock.now());
      watch.probeHeard(
        'x',
        { promisedSeconds: 10, repeat: false, externalPower: false, vitals: null },
        clock.now(),
      );
    }
    const { body } = await ask('/api/networks');
    assert.equal(body.total, 3);
    assert.equal(body.networks[2]?.network, 'n3');
    assert.equal(body.networks[2]?.grace_reason, 'learned');
    assert.equal(body.networks[2]?.lateness_seconds, 1.9);
  });

  it('is ready only without doubt, and healthy all the while', async () => {
    assert.equal((await ask('/readyz')).status, 200);
    watch.doubt('link-lost', clock.now());
    const { status, body } = await ask('/readyz');
    assert.equal(status, 503);
    assert.deepEqual(body, { ready: false, doubts: ['link-lost'] });
    assert.equal((await ask('/healthz')).status, 200);
  });

  it('exposes metrics without a label that names a device', async () => {
    watch.doubt('store-failing', clock.now());
    const { status, text, headers } = await ask('/metrics');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/plain/);
    for (const line of [
      'khd_devices{state="dead"} 2',
      'khd_doubt{reason="store-failing"} 1',
      'khd_doubt{reason="link-lost"} 0',
      'khd_outbox_pending{sink="webhook"} 2',
      'khd_incidents{scope="network"} 1',
      'khd_incidents{scope="fleet"} 0',
      'khd_incidents_total{scope="network"} 2',
      'khd_refused_messages_total{reason="probe-bad-length"} 3',
      'khd_deliveries_total{sink="webhook",result="passing"} 1',
      'khd_probes_total 0',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.ok(text.includes('nodejs_eventloop_lag_seconds'));
    assert.doesNotMatch(text, /device="/);
    // Read at each scrape, not added up.
    assert.ok(
      (await ask('/metrics')).text.includes('khd_refused_messages_total{reason="probe-bad-length"} 3'),
    );
  });

  it('names field, value and what is allowed in a bad request', async () => {
    const bad = [
      ['/api/devices?state=undead', 'state', 'undead', /alive, late, dead, left/],
      ['/api/devices?limit=0', 'limit', '0', /1 to 10000/],
      ['/api/devices?limit=10001', 'limit', '10001', /1 to 10000/],
      ['/api/devices?limit=1e3', 'limit', '1e3', /1 to 10000/],
      ['/api/devices?limit=1&limit=2', 'limit', '["1","2"]', /1 to 10000/],
      ['/api/devices?stat=dead', 'stat', 'dead', /state or group or network or q or cursor or limit/],
      ['/api/devices?q=', 'q', '', /1 to 200 characters/],
      ['/api/devices?cursor=x.5', 'cursor', 'x.5', /since the monitor started/],
      ['/api/export', 'kind', 'nothing', /devices, transitions, alerts/],
      ['/api/alerts?state=dead', 'state', 'dead', /limit/],
      ['/api/devices/a%20b', 'device', 'a b', /A-Z a-z 0-9/],
      [`/api/devices/${'x'.repeat(150)}`, 'device', 'x'.repeat(100), /1 to 64/],
      ['/api/devices/alert', 'device', 'alert', /reserved/],
    ] as const;
    for (const [path, field, value, allowed] of bad) {
      const { status, body } = await ask(path);
      assert.equal(status, 400, path);
      assert.equal(body.error.code, 'BAD_FIELD', path);
      assert.equal(body.error.field, field);
      assert.equal(body.error.value, value);
      assert.match(body.error.allowed, allowed);
    }
  });

  it('answers everything else that is wrong with a JSON error', async () => {
    const wrong: readonly (readonly [path: string, init: RequestInit, status: number, code: string])[] = [
      ['/api/devices/unheard-of', {}, 404, 'UNKNOWN_DEVICE'],
      ['/nowhere', {}, 404, 'NOT_FOUND'],
      [`/api/devices/${'x'.repeat(300)}`, {}, 414, 'PATH_TOO_LONG'],
      ['/api/devices', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
      ['/api/devices/a', { method: 'PUT', body: 'x' }, 405, 'METHOD_NOT_ALLOWED'],
      [
        '/api/devices',
        { method: 'POST', body: 'x'.repeat(20_000), headers: { 'Content-Type': 'text/plain' } },
        413,
        'TOO_LARGE',
      ],
      ['/api/devices/%E0%A4%A', {}, 400, 'BAD_REQUEST'],
    ];
    for (const [path, init, status, code] of wrong) {
      const answer = await ask(path, init);
      assert.equal(answer.status, status, `${init.method ?? 'GET'} ${path}: ${answer.text}`);
      assert.equal(answer.body?.error?.code, code, answer.text);
    }
  });

  it('asks for the token everywhere but at /healthz and /readyz', async () => {
    await serve(TOKEN);
    const paths = [
      '/api/devices',
      '/api/alerts',
      '/api/networks',
      '/metrics',
      '/nowhere',
      '/healthz/..',
      '/healthz2',
    ];
    for (const path of paths) {
      assert.equal((await ask(path)).status, 401, path);
      for (const wrong of ['Bearer wrong', `bearer${TOKEN}`, `Basic ${TOKEN}`]) {
        assert.equal((await ask(path, { headers: { Authorization: wrong } })).status, 401, path);
      }
    }
    assert.equal((await ask('/healthz')).status, 200);
    assert.equal((await ask('/readyz2')).status, 401);
    assert.equal((await ask('/readyz')).status, 200);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    assert.equal((await ask('/api/devices', { headers })).status, 200);
    assert.doesNotMatch((await ask('/api/devices')).text, /correct horse/);
  });

  it('names the address that is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const metrics = { contentType: '', text: async () => '', delivery: () => {} };
    const settings = { host: '127.0.0.1', port };
    await assert.rejects(
      startHttp({
        settings,
        fleet: localFleet(watch, store, () => clock.now()),
        metrics,
        networks,
        now: () => clock.now(),
      }),
      {
        code: 'HTTP_LISTEN',
        message: `http.listen 127.0.0.1:${port}: the port is taken: stop what listens there, or name another port`,
      },
    );
    await new Promise((resolve) => squatter.close(resolve));
  });
});
