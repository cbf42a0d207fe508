import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectHost, isLoopback, parseListen } from '../../../../config/schema/addresses.ts';

test('host and port are split', () => {
  assert.deepEqual(parseListen('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(parseListen('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseListen('localhost:1883'), { host: 'localhost', port: 1883 });
});

test('anything else is no address', () => {
  for (const text of [
    '',
    '8080',
    ':8080',
    '::1:8080',
    '[::1]',
    '[x]:1',
    'h:70000',
    '300.0.0.1:80',
    '1.2.3:80',
    'a b:1',
    'h:',
  ]) {
    assert.equal(parseListen(text), null, text);
  }
});

test('only loopback addresses are closed to the network', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.com', '::ffff:10.0.0.1', '']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('a wildcard listener is reached over loopback', () => {
  assert.deepEqual(['0.0.0.0', '::', '::1', '10.0.0.1'].map(connectHost), [
    '127.0.0.1',
    '[::1]',
    '[::1]',
    '10.0.0.1',
  ]);
});
