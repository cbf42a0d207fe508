/** Which values do not go together. Pure: what must be looked up on disk is checked in `files.ts`. */
import { alertChecks } from './alert-checks.ts';
import type { Origin } from './layers.ts';
import { isLoopback, parseListen } from './schema/addresses.ts';
import type { AgentConfig } from './schema/agent.ts';
import { formatDuration } from './schema/durations.ts';
import type { MonitorConfig } from './schema/monitor.ts';
import type { AdaptivePolicy } from './settings.ts';
import { storeChecks } from './store-checks.ts';

export interface Finding {
  /** The key to change first. */
  readonly key: string;
  readonly problem: string;
  readonly fix: string;
}

export interface Check<Config> {
  /** All keys it looks at; when one of them was refused by itself, the check is left out. */
  readonly keys: readonly string[];
  check(config: Config, originOf: (key: string) => Origin): Finding | readonly Finding[] | null;
}

const MAX_DETECTION_SECONDS: Readonly<Record<AdaptivePolicy, number>> = {
  responsive: 180,
  balanced: 1800,
  low_power: 3600,
};

/** The policy that `adaptive_mode` names, or false. */
export function adaptivePolicy(mode: AgentConfig['adaptive_mode']): false | AdaptivePolicy {
  return mode === true ? 'balanced' : mode;
}

/** interval × count. */
export function timeoutSeconds(config: Pick<AgentConfig, 'keepalive_interval' | 'keepalive_count'>): number {
  return config.keepalive_interval * config.keepalive_count;
}

/** `max_detection` as stated, or from the policy; a fixed interval needs no bound but its own timeout. */
export function maxDetectionSeconds(config: AgentConfig): number {
  const policy = adaptivePolicy(config.adaptive_mode);
  return config.max_detection ?? (policy === false ? timeoutSeconds(config) : MAX_DETECTION_SECONDS[policy]);
}

const times = (config: AgentConfig): string =>
  `${formatDuration(config.keepalive_interval)} × ${config.keepalive_count} = ${formatDuration(timeoutSeconds(config))}`;

const keepaliveChecks: readonly Check<AgentConfig>[] = [
  {
    keys: ['keepalive_timeout', 'keepalive_interval', 'keepalive_count'],
    check: (config) =>
      config.keepalive_timeout === null || config.keepalive_timeout === timeoutSeconds(config)
        ? null
        : {
            key: 'keepalive_timeout',
            problem: `${formatDuration(config.keepalive_timeout)} contradicts keepalive_interval × keepalive_count: ${times(config)}`,
            fix: 'leave it out, or change one of the three',
          },
  },
  {
    keys: ['min_interval', 'max_interval'],
    check: (config) => ordered('min_interval', config.min_interval, 'max_interval', config.max_interval),
  },
  {
    keys: ['keepalive_interval', 'min_interval', 'max_interval', 'adaptive_mode'],
    check: intervalWithinBounds,
  },
  {
    keys: ['max_detection', 'keepalive_interval', 'keepalive_count', 'adaptive_mode'],
    check: detectionCoversTimeout,
  },
  {
    keys: ['path_limits', 'min_interval', 'adaptive_mode'],
    check: limitBelowInterval,
  },
];

const keptBySomebody: Check<AgentConfig> = {
  keys: ['os_keepalive', 'app_keepalive'],
  check: ({ os_keepalive: os, app_keepalive: app }) => {
    if (os === 'only' && app === 'only') {
      return {
        key: 'os_keepalive',
        problem: 'os_keepalive and app_keepalive cannot both be the only one',
        fix: 'leave one of them out',
      };
    }
    if (os === 'off' && app === 'off') {
      return {
        key: 'app_keepalive',
        problem: 'with os_keepalive off as well, nobody would keep the connection alive',
        fix: 'set one of them to on',
      };
    }
    return null;
  },
};

function intervalWithinBounds(config: AgentConfig): Finding | null {
  const { keepalive_interval: interval, min_interval: low, max_interval: high } = config;
  // A fixed interval is not bounded; crossed bounds are another finding.
  if (config.adaptive_mode === false || low > high || (interval >= low && interval <= high)) return null;
  const bound = interval < low ? 'min_interval' : 'max_interval';
  return {
    key: 'keepalive_interval',
    problem: `${formatDuration(interval)} is ${interval < low ? `below min_interval ${formatDuration(low)}` : `above max_interval ${formatDuration(high)}`}`,
    fix: `change it or ${bound}, or set adaptive_mode: false`,
  };
}

function detectionCoversTimeout(config: AgentConfig): Finding | null {
  const bound = maxDetectionSeconds(config);
  if (bound >= timeoutSeconds(config)) return null;
  const whose =
    config.max_detection === null
      ? `, the bound of adaptive_mode "${adaptivePolicy(config.adaptive_mode)}",`
      : '';
  return {
    key: 'max_detection',
    problem: `${formatDuration(bound)}${whose} is below keepalive_timeout ${times(config)}`,
    fix: 'raise it, or lower keepalive_interval or keepalive_count',
  };
}

function limitBelowInterval(config: AgentConfig): Finding | null {
  const limit = Math.min(...config.path_limits);
  if (config.adaptive_mode === false || limit > config.min_interval) return null;
  return {
    key: 'path_limits',
    problem: `${formatDuration(limit)} is not above min_interval ${formatDuration(config.min_interval)}: no interval keeps both`,
    fix: 'lower min_interval, or take the limit out',
  };
}

function ordered(lowKey: string, low: number, highKey: string, high: number): Finding | null {
  if (low <= high) return null;
  return {
    key: lowKey,
    problem: `${formatDuration(low)} is above ${highKey} ${formatDuration(high)}`,
    fix: `lower it, or raise ${highKey}`,
  };
}

/** Of a secret and the file that holds it, only one. */
function notBoth<Config>(key: string, pick: (config: Config) => readonly [unknown, unknown]): Check<Config> {
  return {
    keys: [key, `${key}_file`],
    check: (config) => {
      const [secret, file] = pick(config);
      if (secret === null || file === null) return null;
      return { key, problem: `is given, and so is ${key}_file`, fix: 'keep one of them, better the file' };
    },
  };
}

type WithBroker = Pick<AgentConfig, 'broker'>;

function tlsFileNeedsTls(name: 'ca_file' | 'cert_file' | 'key_file'): Check<WithBroker> {
  return {
    keys: [`broker.${name}`, 'broker.url'],
    check: ({ broker }) =>
      broker[name] === null || !/^(mqtt|ws):/i.test(broker.url)
        ? null
        : {
            key: `broker.${name}`,
            problem: 'has no effect without TLS',
            fix: 'use mqtts:// or wss:// in broker.url, or leave it out',
          },
  };
}

export const brokerChecks: readonly Check<WithBroker>[] = [
  notBoth('broker.password', ({ broker }) => [broker.password, broker.password_file]),
  notBoth('broker.proxy.password', ({ broker }) => [broker.proxy.password, broker.proxy.password_file]),
  {
    keys: [
      'broker.proxy.url',
      'broker.proxy.username',
      'broker.proxy.password',
      'broker.proxy.password_file',
    ],
    check: ({ broker: { proxy } }) => {
      const { url, username, password, password_file: file } = proxy;
      if (url === null && (username ?? password ?? file) !== null) {
        return {
          key: 'broker.proxy.url',
          problem: 'is missing, but the rest of broker.proxy is given',
          fix: 'state it',
        };
      }
      if (username !== null || (password ?? file) === null) return null;
      return {
        key: 'broker.proxy.username',
        problem: 'is missing, but a password is given',
        fix: 'state it',
      };
    },
  },
  tlsFileNeedsTls('ca_file'),
  tlsFileNeedsTls('cert_file'),
  tlsFileNeedsTls('key_file'),
  {
    keys: ['broker.cert_file', 'broker.key_file'],
    check: ({ broker }) => {
      if ((broker.cert_file === null) === (broker.key_file === null)) return null;
      const [given, missing] =
        broker.key_file === null ? ['cert_file', 'key_file'] : ['key_file', 'cert_file'];
      return {
        key: `broker.${given}`,
        problem: `is given without broker.${missing}`,
        fix: 'give both or neither',
      };
    },
  },
  {
    // MQTT 3.1.1 allows no password without a user name [MQTT-3.1.2-22]; MQTT 5 does.
    keys: ['broker.username', 'broker.password', 'broker.password_file', 'broker.protocol'],
    check: ({ broker }) =>
      broker.protocol === '5' ||
      broker.username !== null ||
      (broker.password === null && broker.password_file === null)
        ? null
        : {
            key: 'broker.username',
            problem: 'is missing, but a password is given',
            fix: 'state it, leave the password out, or set broker.protocol: "5"',
          },
  },
];

export const agentChecks: readonly Check<AgentConfig>[] = [
  ...keepaliveChecks,
  keptBySomebody,
  ...brokerChecks,
  {
    keys: ['reconnect.min_delay', 'reconnect.max_delay'],
    check: ({ reconnect }) =>
      ordered('reconnect.min_delay', reconnect.min_delay, 'reconnect.max_delay', reconnect.max_delay),
  },
  {
    keys: ['verdict.floor', 'verdict.ceiling'],
    check: ({ verdict }) => ordered('verdict.floor', verdict.floor, 'verdict.ceiling', verdict.ceiling),
  },
  {
    keys: ['verdict.floor', 'verdict.initial'],
    check: ({ verdict }) => ordered('verdict.floor', verdict.floor, 'verdict.initial', verdict.initial),
  },
  {
    keys: ['verdict.initial', 'verdict.ceiling'],
    check: ({ verdict }) => ordered('verdict.initial', verdict.initial, 'verdict.ceiling', verdict.ceiling),
  },
];

export const monitorChecks: readonly Check<MonitorConfig>[] = [
  ...alertChecks,
  ...storeChecks,
  ...brokerChecks,
  notBoth('http.token', ({ http }) => [http.token, http.token_file]),
  notBoth('sinks.webhook.secret', ({ sinks }) => [sinks.webhook.secret, sinks.webhook.secret_file]),
  {
    keys: ['http.listen', 'http.token', 'http.token_file'],
    check: ({ http }) => {
      const open = !isLoopback(parseListen(http.listen)?.host ?? '');
      if (!open || http.token !== null || http.token_file !== null) return null;
      return {
        key: 'http.listen',
        problem: `"${http.listen}" is open to the network without a token`,
        fix: 'set http.token_file or http.token, or listen on 127.0.0.1',
      };
    },
  },
  {
    keys: ['sinks.webhook.url', 'sinks.webhook.secret', 'sinks.webhook.secret_file'],
    check: ({ sinks: { webhook } }) =>
      webhook.url !== null || (webhook.secret === null && webhook.secret_file === null)
        ? null
        : {
            key: 'sinks.webhook.url',
            problem: 'is missing, but a secret is given',
            fix: 'state where alerts are posted, or leave the secret out',
          },
  },
  {
    keys: ['embedded_broker.enabled', 'broker.url'],
    check: ({ embedded_broker }, originOf) =>
      !embedded_broker.enabled || originOf('broker.url').layer === 'default'
        ? null
        : {
            key: 'broker.url',
            problem: 'is given, and embedded_broker.enabled is true',
            fix: 'leave out one of them: the monitor uses its embedded broker or another',
          },
  },
  {
    keys: ['delivery.min_delay', 'delivery.max_delay'],
    check: ({ delivery }) =>
      ordered('delivery.min_delay', delivery.min_delay, 'delivery.max_delay', delivery.max_delay),
  },
];
