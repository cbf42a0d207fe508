/** Where the monitor keeps what it knows: in its own folder, or in Redis or Valkey for many monitors. */
import type { SchemaOf } from './item.ts';

export interface StoreConfig {
  engine: 'embedded' | 'redis';
  redis: {
    mode: 'single' | 'sentinel' | 'cluster';
    nodes: string[];
    sentinel_name: string;
    username: string | null;
    password: string | null;
    password_file: string | null;
    tls: boolean;
    ca_file: string | null;
    database: number;
    prefix: string;
    partitions: number;
    replica_timeout: number;
    wait_replicas: number | null;
  };
}

const accessSchema: Pick<
  SchemaOf<StoreConfig['redis']>,
  'username' | 'password' | 'password_file' | 'tls' | 'ca_file'
> = {
  username: {
    doc: 'User name at Redis (ACL).',
    format: 'text',
    default: null,
    nullable: true,
    env: 'KHD_STORE_REDIS_USERNAME',
  },
  password: {
    doc: 'Password at Redis; better kept in password_file.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'KHD_STORE_REDIS_PASSWORD',
  },
  password_file: {
    doc: 'File that holds the password, such as a systemd credential.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_STORE_REDIS_PASSWORD_FILE',
  },
  tls: { doc: 'Connect to Redis over TLS.', format: 'switch', default: false, env: 'KHD_STORE_REDIS_TLS' },
  ca_file: {
    doc: "Certificates (PEM) that may vouch for Redis, instead of Node's own list.",
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_STORE_REDIS_CA_FILE',
  },
};

export const storeSchema: SchemaOf<StoreConfig> = {
  engine: {
    doc: 'embedded: in data_directory, for one monitor. redis: in Redis or Valkey, for many monitors of one fleet.',
    format: 'choice',
    choices: ['embedded', 'redis'],
    default: 'embedded',
    env: 'KHD_STORE_ENGINE',
  },
  redis: {
    mode: {
      doc: 'A single server, one behind Sentinel, or a Cluster.',
      format: 'choice',
      choices: ['single', 'sentinel', 'cluster'],
      default: 'single',
      env: 'KHD_STORE_REDIS_MODE',
    },
    nodes: {
      doc: 'HOST:PORT of the server, of the Sentinels, or of some of the Cluster.',
      format: 'text_list',
      default: ['127.0.0.1:6379'],
      env: 'KHD_STORE_REDIS_NODES',
    },
    sentinel_name: {
      doc: 'Under which name the Sentinels know the master.',
      format: 'text',
      default: 'mymaster',
      env: 'KHD_STORE_REDIS_SENTINEL_NAME',
    },
    ...accessSchema,
    database: {
      doc: 'Number of the database; a Cluster has only 0.',
      format: 'whole_number',
      default: 0,
      max: 1023,
      env: 'KHD_STORE_REDIS_DATABASE',
    },
    prefix: {
      doc: 'Begins the name of every key, and names the shared subscription: one for each fleet.',
      format: 'text',
      default: 'khd',
      env: 'KHD_STORE_REDIS_PREFIX',
    },
    partitions: {
      doc: 'Into how many parts the fleet is divided; every monitor must say the same. Fixed once data is there.',
      format: 'whole_number',
      default: 16,
      min: 1,
      max: 1024,
      env: 'KHD_STORE_REDIS_PARTITIONS',
    },
    replica_timeout: {
      doc: 'A monitor that is silent for longer is left out; until then nobody is declared dead.',
      format: 'duration',
      default: '30s',
      min: 3,
      max: 600,
      env: 'KHD_STORE_REDIS_REPLICA_TIMEOUT',
    },
    wait_replicas: {
      doc: 'Copies that must have an alert before it is delivered. Default: 1, and 0 for mode single.',
      format: 'whole_number',
      default: null,
      nullable: true,
      max: 8,
      env: 'KHD_STORE_REDIS_WAIT_REPLICAS',
    },
  },
};
