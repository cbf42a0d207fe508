/** The connection to the broker, the same for agent and monitor. */
import type { SchemaOf } from './item.ts';

export interface BrokerConfig {
  url: string;
  username: string | null;
  password: string | null;
  password_file: string | null;
  ca_file: string | null;
  cert_file: string | null;
  key_file: string | null;
  protocol: 'auto' | '5' | '3.1.1';
  connect_timeout: number;
  proxy: {
    url: string | null;
    username: string | null;
    password: string | null;
    password_file: string | null;
  };
}

export const brokerSchema: SchemaOf<BrokerConfig> = {
  url: {
    doc: 'The broker: mqtt://HOST:PORT, or mqtts:// for TLS; ws://HOST:PORT/PATH or wss:// over a WebSocket. Without a port: 1883, 8883, 80, 443.',
    format: 'url',
    schemes: ['mqtt', 'mqtts', 'ws', 'wss'],
    default: 'mqtt://127.0.0.1:1883',
    env: 'KHD_BROKER_URL',
  },
  username: {
    doc: 'User name at the broker.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'KHD_BROKER_USERNAME',
  },
  password: {
    doc: 'Password at the broker; better kept in password_file.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'KHD_BROKER_PASSWORD',
  },
  password_file: {
    doc: 'File that holds the password, such as a systemd credential.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_BROKER_PASSWORD_FILE',
  },
  ca_file: {
    doc: "Certificates (PEM) that may vouch for the broker, instead of Node's own list. mqtts and wss only.",
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_BROKER_CA_FILE',
  },
  cert_file: {
    doc: 'Certificate (PEM) that this end shows to the broker, with key_file. mqtts and wss only.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_BROKER_CERT_FILE',
  },
  key_file: {
    doc: 'Private key (PEM) of cert_file. mqtts and wss only.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_BROKER_KEY_FILE',
  },
  protocol: {
    doc: 'MQTT version; auto tries 5 first and falls back to 3.1.1.',
    format: 'choice',
    choices: ['auto', '5', '3.1.1'],
    default: 'auto',
    env: 'KHD_BROKER_PROTOCOL',
  },
  connect_timeout: {
    doc: 'Longest wait for a connection, TLS and CONNACK included.',
    format: 'duration',
    default: '20s',
    min: 0.1,
    max: 3600,
    env: 'KHD_BROKER_CONNECT_TIMEOUT',
  },
  proxy: {
    url: {
      doc: 'An HTTP proxy on the way to the broker, asked for a tunnel (CONNECT): http://HOST:PORT.',
      format: 'url',
      schemes: ['http'],
      default: null,
      nullable: true,
      env: 'KHD_BROKER_PROXY_URL',
    },
    username: {
      doc: 'User name at the proxy.',
      format: 'text',
      default: null,
      nullable: true,
      env: 'KHD_BROKER_PROXY_USERNAME',
    },
    password: {
      doc: 'Password at the proxy; better kept in password_file.',
      format: 'text',
      default: null,
      nullable: true,
      sensitive: true,
      env: 'KHD_BROKER_PROXY_PASSWORD',
    },
    password_file: {
      doc: 'File that holds the password at the proxy, such as a systemd credential.',
      format: 'path',
      default: null,
      nullable: true,
      env: 'KHD_BROKER_PROXY_PASSWORD_FILE',
    },
  },
};
