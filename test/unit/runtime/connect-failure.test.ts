import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import {
  type ConnectFailureKind,
  classifyConnectError,
  explainConnectError,
  timedOutAt,
} from '../../../runtime/connect-failure.ts';

const kindOf = (error: unknown): ConnectFailureKind => classifyConnectError(error).kind;
const coded = (code: string | number, message = 'why', more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });
const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

describe('classifyConnectError', () => {
  it('reads the CONNACK codes of both versions', () => {
    const kinds: readonly (readonly [number, ConnectFailureKind])[] = [
      [1, 'protocol-version'],
      [0x84, 'protocol-version'],
      [2, 'refused'],
      [4, 'refused'],
      [5, 'refused'],
      [0x85, 'refused'],
      [0x86, 'refused'],
      [0x87, 'refused'],
      [0x8c, 'refused'],
      [3, 'unavailable'],
      [0x88, 'unavailable'],
      [0x89, 'unavailable'],
      [0x97, 'unavailable'],
      [0x9c, 'unavailable'],
      [0x9d, 'unavailable'],
      [0x9f, 'unavailable'],
    ];
    for (const [code, kind] of kinds) assert.equal(kindOf(coded(code)), kind, `code ${code}`);
  });

  it('tells a network that is down from a host that answers and a name that is not found', () => {
    for (const code of ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']) {
      assert.equal(kindOf(coded(code, 'why', { syscall: 'connect' })), 'network', code);
    }
    for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'])
      assert.equal(kindOf(coded(code)), 'port-closed');
    for (const code of ['ENOTFOUND', 'EAI_AGAIN']) assert.equal(kindOf(coded(code)), 'name-not-found', code);
    assert.equal(kindOf(coded('ETIMEDOUT')), 'timeout');
  });

  it('knows the errors of certificates and handshakes', () => {
    const codes = [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'EPROTO',
    ];
    for (const code of codes) assert.equal(kindOf(coded(code)), 'tls', code);
    assert.equal(kindOf(thrown(() => createSecureContext({ ca: 'no PEM', cert: 'no PEM' }))), 'tls');
  });

  it('knows a file that cannot be read', () => {
    assert.equal(kindOf(thrown(() => readFileSync('/nonexistent/ca.pem'))), 'local');
  });

  it('knows what really comes from a port that is closed', async () => {
    const error = await new Promise((resolve) => connectTcp(1, '127.0.0.1').once('error', resolve));
    assert.equal(kindOf(error), 'port-closed');
  });

  it('says what a connection waited for that ran out of time, and what to look at', () => {
    const broker = { url: 'mqtts://broker.example', protocol: 'auto', connectTimeoutSeconds: 20 } as const;
    const proxy = { url: 'http://proxy.example:3128' };
    for (const [stage, kind, message, key] of [
      ['name', 'name-not-found', /looked up/, 'broker.url'],
      ['tcp', 'timeout', /TCP was not answered/, 'broker.url'],
      ['tls', 'timeout', /TLS not answered/, 'broker.url'],
      ['mqtt', 'timeout', /no CONNACK/, 'broker.connect_timeout'],
    ] as const) {
      const failure = explainConnectError(timedOutAt(stage), broker);
      assert.deepEqual([failure.kind, failure.key], [kind, key], stage);
      assert.match(failure.message, message);
    }
    const behind = explainConnectError(timedOutAt('proxy'), { ...broker, proxy });
    assert.deepEqual([behind.kind, behind.key], ['network', 'broker.proxy.url']);
    assert.match(behind.message, /proxy took the connection and did not answer/);
  });

  it('says that a device has no network, and what befell each address of a name', () => {
    const unreachable = coded('ENETUNREACH', 'connect ENETUNREACH 192.0.2.1:8883');
    assert.match(classifyConnectError(unreachable).message, /no way to the broker's network.*192\.0\.2\.1/);
    const each = ['connect ECONNREFUSED ::1:1883', 'connect ETIMEDOUT 192.0.2.1:1883'];
    const several = Object.assign(new AggregateError(each.map((text) => new Error(text))), {
      code: 'ECONNREFUSED',
    });
    assert.equal(classifyConnectError(several).message, each.join(', '));
  });

  it('takes a close without a word, and anything that is no error, as no answer', () => {
    for (const nothing of [null, undefined, 'closed', 7, {}, new Error('Invalid header')]) {
      assert.equal(kindOf(nothing), 'no-answer');
    }
  });

  it('always has words for people, also for an error of several addresses that has none', () => {
    const several = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    for (const error of [null, several, coded('EWHATEVER'), coded(5, 'Not authorized')]) {
      assert.notEqual(classifyConnectError(error).message, '');
    }
  });
});
