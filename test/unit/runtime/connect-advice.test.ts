import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrokerSettings } from '../../../config/settings.ts';
import { CodedError } from '../../../runtime/coded-error.ts';
import { connectAdvice } from '../../../runtime/connect-advice.ts';

const BASE = { protocol: 'auto', connectTimeoutSeconds: 20 } as const;
const TLS: BrokerSettings = { ...BASE, url: 'mqtts://broker.example:8883' };
const PLAIN: BrokerSettings = { ...BASE, url: 'mqtt://broker.example:1883' };
const PROXIED: BrokerSettings = { ...TLS, proxy: { url: 'http://proxy.example:3128' } };

const coded = (code: string | number, message = 'why', more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });
const keyOf = (error: unknown, broker: BrokerSettings = TLS): string | undefined =>
  connectAdvice(error, broker)?.key;
const fixOf = (error: unknown, broker: BrokerSettings = TLS): string =>
  connectAdvice(error, broker)?.fix ?? assert.fail('no advice');

describe('connectAdvice', () => {
  it('knows whose certificate is at fault', () => {
    const own: BrokerSettings = { ...TLS, certFile: '/c', keyFile: '/k' };
    for (const code of [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ]) {
      assert.equal(keyOf(coded(code)), 'broker.ca_file', code);
    }
    assert.match(fixOf(coded('CERT_NOT_YET_VALID')), /clock/);
    assert.match(fixOf(coded('CERT_HAS_EXPIRED')), /renew/);
    assert.equal(keyOf(coded('ERR_TLS_CERT_ALTNAME_INVALID')), 'broker.url');
    assert.equal(keyOf(coded('ERR_OSSL_X509_KEY_VALUES_MISMATCH'), own), 'broker.key_file');
    assert.match(fixOf(coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')), /wants a certificate/);
    assert.match(fixOf(coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), own), /does not take it/);
  });

  it('tells TLS at a port without from no TLS at a port with it', () => {
    const before = 'Client network socket disconnected before secure TLS connection was established';
    for (const error of [
      coded('ECONNRESET', before),
      coded('ERR_SSL_WRONG_VERSION_NUMBER'),
      coded('ERR_SSL_PACKET_LENGTH_TOO_LONG'),
    ]) {
      assert.match(fixOf(error), /mqtt:\/\//, error.message);
      assert.equal(keyOf(error), 'broker.url');
    }
    for (const error of [
      null,
      coded('ECONNRESET', 'read ECONNRESET'),
      new Error('Invalid header flag bits'),
    ]) {
      assert.match(fixOf(error, PLAIN), /mqtts:\/\//);
    }
    assert.match(fixOf(null, { ...BASE, url: 'ws://broker.example/mqtt' }), /wss:\/\//);
  });

  it('names the proxy where the proxy is at fault, and the broker where it is not', () => {
    const refused = (why: string): Error =>
      new CodedError('PROXY_REFUSED', `the proxy does not let us through: ${why}`);
    const answers = (status: string): string | undefined => keyOf(refused(`it answers ${status}`), PROXIED);
    assert.equal(answers('407 Proxy Authentication Required'), 'broker.proxy.username');
    assert.equal(answers('403 Forbidden'), 'broker.proxy.url');
    assert.equal(answers('502 Bad Gateway'), 'broker.url');
    assert.equal(keyOf(refused('its answer is no HTTP'), PROXIED), 'broker.proxy.url');
    for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH']) {
      assert.equal(keyOf(coded(code), PROXIED), 'broker.proxy.url', code);
      assert.equal(keyOf(coded(code), TLS), 'broker.url', code);
    }
    assert.match(fixOf(coded('ECONNREFUSED'), PROXIED), /proxy\.example:3128/);
  });

  it('reads the broker’s refusal, whichever version it speaks', () => {
    for (const code of [4, 5, 0x86, 0x87]) assert.equal(keyOf(coded(code)), 'broker.username', String(code));
    for (const code of [2, 0x85, 0x8a]) assert.equal(keyOf(coded(code)), 'device.name', String(code));
    for (const code of [1, 0x84]) assert.equal(keyOf(coded(code)), 'broker.protocol', String(code));
    for (const code of [0x9a, 0x9b]) assert.match(fixOf(coded(code)), /the broker has to take/);
    // Too busy, moved: nothing here would mend it.
    for (const code of [3, 0x88, 0x89, 0x9c]) assert.equal(connectAdvice(coded(code), TLS), null);
  });

  it('names no key to a monitor that only a device has', () => {
    for (const code of [2, 5, 0x85, 0x87, 0x8a]) {
      const advice = connectAdvice(coded(code), TLS, 'monitor');
      assert.equal(advice?.key, 'broker.username', String(code));
      assert.match(advice.fix, /keepalivehd-monitor-/);
      assert.doesNotMatch(advice.fix, /device/);
    }
  });

  it('names the file that cannot be read', () => {
    const broker: BrokerSettings = { ...TLS, caFile: '/ca.pem', certFile: '/cert.pem', keyFile: '/key.pem' };
    for (const [path, key] of [
      ['/ca.pem', 'broker.ca_file'],
      ['/cert.pem', 'broker.cert_file'],
      ['/key.pem', 'broker.key_file'],
    ] as const) {
      assert.equal(keyOf(coded('ENOENT', 'why', { syscall: 'open', path }), broker), key);
    }
  });

  it('knows a WebSocket that is served elsewhere', () => {
    const broker: BrokerSettings = { ...BASE, url: 'ws://broker.example/mqtt' };
    assert.match(fixOf(new Error('Unexpected server response: 404'), broker), /path/);
  });

  it('has nothing to say of a network that is down', () => {
    for (const code of ['ENETUNREACH', 'ENETDOWN']) assert.equal(connectAdvice(coded(code), TLS), null);
  });
});
