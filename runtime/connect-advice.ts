/**
 * What to look at when a connection fails: the key of the configuration, and the likely fix in words. Pure.
 * The same error means different things over TCP, TLS and a proxy, so the configured broker is needed for it.
 */
import type { BrokerSettings } from '../config/settings.ts';
import { REASON } from './mqtt-reason.ts';

export interface Advice {
  /** As in the configuration file, such as `broker.ca_file`. */
  readonly key: string;
  readonly fix: string;
}

/** Who connects: a device under its name, a monitor under one that it has chosen. */
export type Role = 'device' | 'monitor';

/** Null: nothing in the configuration would mend it. */
export function connectAdvice(error: unknown, broker: BrokerSettings, role: Role = 'device'): Advice | null {
  const way = wayOf(broker);
  if (!(error instanceof Error)) return silentClose(way);
  const { message } = error;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return ofConnack(code, role);
  if (typeof code !== 'string') return ofWords(message, way);
  return (
    (code === 'PROXY_REFUSED' ? ofProxy(message, way) : null) ??
    ofFile(error, broker) ??
    ofCertificate(code, way) ??
    ofSocket(code, way)
  );
}

interface Way {
  readonly host: string;
  readonly secure: boolean;
  readonly webSocket: boolean;
  /** Where TCP leads: the proxy, where there is one. */
  readonly next: string;
  readonly nextKey: 'broker.url' | 'broker.proxy.url';
  readonly showsCertificate: boolean;
}

function wayOf({ url, proxy, certFile }: BrokerSettings): Way {
  const { protocol, host } = new URL(url);
  const webSocket = protocol === 'ws:' || protocol === 'wss:';
  return {
    host,
    secure: protocol === 'mqtts:' || protocol === 'wss:',
    webSocket,
    next: proxy === undefined ? host : new URL(proxy.url).host,
    nextKey: proxy === undefined ? 'broker.url' : 'broker.proxy.url',
    showsCertificate: certFile !== undefined,
  };
}

const url = (fix: string): Advice => ({ key: 'broker.url', fix });

function silentClose({ secure, webSocket }: Way): Advice {
  if (secure) return url('see that this port expects TLS; for one that does not, write mqtt:// (ws://)');
  return url(
    `if this port expects TLS, write ${webSocket ? 'wss://' : 'mqtts://'}; otherwise see that it is an MQTT listener`,
  );
}

const IDENTITY: Readonly<Record<Role, { readonly key: string; readonly names: string }>> = {
  device: { key: 'device.name', names: 'device.name' },
  monitor: { key: 'broker.username', names: 'keepalivehd-monitor-…' },
};

/** MQTT 3.1.1 table 3.1; MQTT 5 section 3.2.2.2. */
function ofConnack(code: number, role: Role): Advice | null {
  const { key, names } = IDENTITY[role];
  switch (code) {
    case 1:
    case 0x84:
      return { key: 'broker.protocol', fix: 'write auto, or the version that this broker speaks' };
    case 2:
    case 0x85:
      return { key, fix: `the broker does not take ${names} as a client identifier` };
    case 4:
    case 0x86:
      return { key: 'broker.username', fix: 'correct it, or broker.password_file' };
    case 5:
    case 0x87:
      return {
        key: 'broker.username',
        fix: `correct it or broker.password_file, or let this account connect as ${names}`,
      };
    case 0x8a:
      return { key, fix: `the broker has banned ${names}` };
    case REASON.retainNotSupported:
      return url('the broker has to take retained messages: statuses and the will are');
    case REASON.qosNotSupported:
      return url('the broker has to take QoS 1: a probe is alive when it was acknowledged');
    case 0x8c:
      return { key: 'broker.username', fix: 'the broker wants another way to prove who this is' };
    default:
      return null;
  }
}

function ofWords(message: string, way: Way): Advice {
  const status = /Unexpected server response: (\d{3})/.exec(message)?.[1];
  if (status === '401' || status === '403') return url(`the web server at ${way.host} lets nobody in there`);
  if (status !== undefined) return url('correct the path: no WebSocket is served there');
  return silentClose(way);
}

function ofProxy(message: string, { host }: Way): Advice {
  const status = /answers (\d{3})/.exec(message)?.[1];
  if (status === '407') {
    return {
      key: 'broker.proxy.username',
      fix: 'give it and broker.proxy.password_file as the proxy wants them',
    };
  }
  if (status === '403' || status === '405') {
    return { key: 'broker.proxy.url', fix: `have the proxy allow CONNECT to ${host}` };
  }
  if (status?.startsWith('5') || status === '404') return url(`the proxy does not reach ${host}`);
  return { key: 'broker.proxy.url', fix: 'see that an HTTP proxy listens there' };
}

function ofFile(error: Error, { caFile, certFile, keyFile }: BrokerSettings): Advice | null {
  const path = 'path' in error ? error.path : undefined;
  if (path === undefined) return null;
  const files = { 'broker.ca_file': caFile, 'broker.cert_file': certFile, 'broker.key_file': keyFile };
  const key = Object.entries(files).find(([, file]) => file === path)?.[0];
  return key === undefined
    ? null
    : { key, fix: 'see that the file is there and may be read by this service' };
}

const UNKNOWN_AUTHORITY =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA|ERR_SSL_CERTIFICATE_VERIFY_FAILED)/;
const OWN_CERTIFICATE =
  /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/;
const NO_PEM = /^ERR_OSSL_(PEM|ASN1)|^ERR_OSSL_.*(NO_START_LINE|UNSUPPORTED)/;
const OTHER_VERSION = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE|NO_SHARED_CIPHER/;
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|UNEXPECTED_MESSAGE/;

function ofCertificate(code: string, way: Way): Advice | null {
  if (UNKNOWN_AUTHORITY.test(code)) {
    return { key: 'broker.ca_file', fix: 'name the certificate of the authority that signed the broker’s' };
  }
  if (code === 'CERT_NOT_YET_VALID') return url('set the clock of this machine; nothing else is wrong');
  if (code === 'CERT_HAS_EXPIRED') {
    return url('the broker there has to renew it, or the authority in broker.ca_file has ended');
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return url('use a host name that its certificate holds');
  if (code.includes('KEY_VALUES_MISMATCH')) {
    return { key: 'broker.key_file', fix: 'it does not belong to broker.cert_file' };
  }
  if (OWN_CERTIFICATE.test(code)) {
    const fix = way.showsCertificate
      ? 'the broker does not take it: signed by another authority, or expired'
      : 'the broker wants a certificate from this end';
    return { key: 'broker.cert_file', fix };
  }
  if (NO_PEM.test(code)) return { key: 'broker.ca_file', fix: 'it, cert_file and key_file have to be PEM' };
  if (NO_TLS.test(code))
    return url('this port does not speak TLS: write mqtt:// (ws://), or name another port');
  if (OTHER_VERSION.test(code)) return url('the broker there has to offer TLS 1.2 or later');
  return null;
}

function ofSocket(code: string, way: Way): Advice | null {
  const there = (fix: string): Advice => ({ key: way.nextKey, fix });
  switch (code) {
    case 'ENOTFOUND':
      return there('no such host: correct its name');
    case 'EAI_AGAIN':
      return there('its name cannot be looked up: no name server answers, or this machine has no network');
    case 'ECONNREFUSED':
      return there(`nobody listens at ${way.next}: correct the port, or start what should`);
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return there(`${way.next} cannot be reached: a firewall in between, or another address`);
    case 'ERR_TLS_HANDSHAKE_TIMEOUT':
      return url('see that this port expects TLS, and what stands before it');
    case 'CONNACK_TIMEOUT':
      return { key: 'broker.connect_timeout', fix: 'raise it, or see why the broker does not answer' };
    case 'ECONNRESET':
    case 'EPIPE':
      // Of a connection that was accepted: whoever listens does not like what it hears.
      return silentClose(way);
    default:
      return null;
  }
}
