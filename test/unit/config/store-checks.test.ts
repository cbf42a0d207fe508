import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorWith, refusal, writeFiles } from './helpers.ts';

const REFUSED: readonly [Readonly<Record<string, string>>, string, RegExp][] = [
  [{ 'store.engine': 'postgres' }, 'store.engine', /write one of: "embedded", "redis"/],
  [{ 'store.redis.mode': 'ring' }, 'store.redis.mode', /"single", "sentinel", "cluster"/],
  [{ 'store.redis.nodes': 'redis.example.com' }, 'store.redis.nodes', /holds "redis.example.com"/],
  [{ 'store.redis.nodes': '10.0.0.1:0' }, 'store.redis.nodes', /not an address/],
  [{ 'store.redis.nodes': 'a:1,b:2' }, 'store.redis.nodes', /and store.redis.mode is "single"/],
  [{ 'store.redis.mode': 'cluster', 'store.redis.database': '1' }, 'store.redis.database', /has only 0/],
  [{ 'store.redis.prefix': '{x}' }, 'store.redis.prefix', /cannot begin a key/],
  [{ 'store.redis.ca_file': '/dev/null' }, 'store.redis.ca_file', /no effect without store.redis.tls/],
  [{ 'store.redis.partitions': '0' }, 'store.redis.partitions', /write 1 to 1024/],
  [{ 'store.redis.replica_timeout': '1s' }, 'store.redis.replica_timeout', /write 3s to 10m/],
  [
    { 'store.redis.password': 'p', 'store.redis.password_file': '/dev/null' },
    'store.redis.password',
    /and so is store.redis.password_file/,
  ],
  [
    { 'store.engine': 'redis', 'fleet.trusted_keys': 'A'.repeat(43) },
    'fleet.trusted_keys',
    /rolled out by a single monitor/,
  ],
  [
    { 'store.engine': 'redis', 'embedded_broker.enabled': 'true' },
    'embedded_broker.enabled',
    /and store.engine is "redis"/,
  ],
];

for (const [overrides, key, reason] of REFUSED) {
  test(`${JSON.stringify(overrides)} is refused at ${key}`, () => {
    const error = refusal(() => monitorWith(overrides));
    const found = error.problems.find((problem) => problem.key === key);
    assert.ok(found !== undefined, error.message);
    assert.match(error.message, reason);
    assert.notEqual(found.fix, '');
  });
}

test('without store.engine nothing of Redis is used', () => {
  assert.equal(monitorWith({}).redis, null);
});

test('copies are waited for where there are some, unless stated otherwise', () => {
  const redis = (mode: string, more: Record<string, string> = {}) =>
    monitorWith({ 'store.engine': 'redis', 'store.redis.mode': mode, ...more }).redis;
  assert.equal(redis('single')?.waitReplicas, 0);
  assert.equal(redis('sentinel')?.waitReplicas, 1);
  assert.equal(redis('cluster', { 'store.redis.nodes': 'a:1,b:2' })?.waitReplicas, 1);
  assert.equal(redis('cluster', { 'store.redis.wait_replicas': '0' })?.waitReplicas, 0);
});

test('the password comes from its file', (context) => {
  const { secret = '' } = writeFiles(context, { secret: 'pass phrase\n' });
  const { redis } = monitorWith({ 'store.engine': 'redis', 'store.redis.password_file': secret });
  assert.equal(redis?.password, 'pass phrase');
  assert.equal(redis?.username, undefined);
});
