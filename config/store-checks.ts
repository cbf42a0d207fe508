/** Which values of `store` do not go together. Pure. */
import type { Check, Finding } from './checks.ts';
import { parseListen } from './schema/addresses.ts';
import type { StoreConfig } from './schema/store.ts';

interface WithStore {
  store: StoreConfig;
  embedded_broker: { enabled: boolean };
  fleet: { trusted_keys: readonly string[] };
}

const PREFIX = /^[A-Za-z0-9._:-]{1,32}$/;

export const storeChecks: readonly Check<WithStore>[] = [
  {
    keys: ['store.redis.password', 'store.redis.password_file'],
    check: ({ store: { redis } }) =>
      redis.password === null || redis.password_file === null
        ? null
        : finding(
            'password',
            'is given, and so is store.redis.password_file',
            'keep one of them, better the file',
          ),
  },
  {
    keys: ['store.redis.nodes'],
    check: ({ store: { redis } }) => {
      if (redis.nodes.length === 0) return finding('nodes', 'is empty', 'write at least one HOST:PORT');
      const wrong = redis.nodes.find((node) => (parseListen(node)?.port ?? 0) === 0);
      if (wrong === undefined) return null;
      return finding(
        'nodes',
        `holds ${JSON.stringify(wrong)}, which is not an address`,
        'write HOST:PORT for each, such as "10.0.0.5:6379"',
      );
    },
  },
  {
    keys: ['store.redis.nodes', 'store.redis.mode'],
    check: ({ store: { redis } }) =>
      redis.mode !== 'single' || redis.nodes.length <= 1
        ? null
        : finding(
            'nodes',
            'names several servers, and store.redis.mode is "single"',
            'name one, or change the mode',
          ),
  },
  {
    keys: ['store.redis.database', 'store.redis.mode'],
    check: ({ store: { redis } }) =>
      redis.mode !== 'cluster' || redis.database === 0
        ? null
        : finding(
            'database',
            `is ${redis.database}, and a Cluster has only 0`,
            'leave it out; use store.redis.prefix',
          ),
  },
  {
    keys: ['store.redis.prefix'],
    check: ({ store: { redis } }) =>
      PREFIX.test(redis.prefix)
        ? null
        : finding(
            'prefix',
            `${JSON.stringify(redis.prefix)} cannot begin a key`,
            'write 1 to 32 of A-Z a-z 0-9 . _ : -',
          ),
  },
  {
    keys: ['store.redis.ca_file', 'store.redis.tls'],
    check: ({ store: { redis } }) =>
      redis.ca_file === null || redis.tls
        ? null
        : finding(
            'ca_file',
            'has no effect without store.redis.tls',
            'set store.redis.tls: true, or leave it out',
          ),
  },
  {
    keys: ['store.engine', 'fleet.trusted_keys'],
    check: ({ store, fleet }) =>
      store.engine === 'embedded' || fleet.trusted_keys.length === 0
        ? null
        : {
            key: 'fleet.trusted_keys',
            problem: 'are given, and store.engine is "redis"',
            fix: 'leave it out here: documents are rolled out by a single monitor',
          },
  },
  {
    keys: ['store.engine', 'embedded_broker.enabled'],
    check: ({ store, embedded_broker }) =>
      store.engine === 'embedded' || !embedded_broker.enabled
        ? null
        : {
            key: 'embedded_broker.enabled',
            problem: 'is true, and store.engine is "redis"',
            fix: 'many monitors share one broker: name it in broker.url',
          },
  },
];

function finding(key: string, problem: string, fix: string): Finding {
  return { key: `store.redis.${key}`, problem, fix };
}
