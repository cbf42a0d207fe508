/**
 * Loads a configuration: default < preset < file < pushed < environment < command line. All problems are found before
 * one error names them all; nothing is half applied.
 */

import { isDeviceName } from '../protocol/topics.ts';
import {
  agentChecks,
  type Check,
  type Finding,
  maxDetectionSeconds,
  monitorChecks,
  timeoutSeconds,
} from './checks.ts';
import { ConfigError, showValue } from './config-error.ts';
import { checkReadable, readSecretFile, readTextFile } from './files.ts';
import { isEmptyText } from './json5-keys.ts';
import { parseJson5 } from './json5-text.ts';
import {
  addEnvironment,
  addFile,
  addOverrides,
  addPreset,
  addPushed,
  type Gathered,
  gather,
  type Keys,
  type Origin,
  type PushedLayer,
  sourceOf,
} from './layers.ts';
import { merge } from './merge.ts';
import { nameOtherPart } from './other-part.ts';
import { PRESETS, type PresetName } from './presets/presets.ts';
import { type AgentConfig, agentSchema } from './schema/agent.ts';
import { listKeys, type SchemaOf, type SchemaTree } from './schema/item.ts';
import { type MonitorConfig, monitorSchema } from './schema/monitor.ts';
import type { AgentSettings, MonitorSettings } from './settings.ts';
import { toAgentSettings, toMonitorSettings } from './to-settings.ts';
import { monitorWarnings } from './warnings.ts';

export interface LoadOptions {
  /** Path of the JSON5 file; absent: defaults, environment and overrides only. */
  readonly file?: string;
  /** Variables that begin with `KHD_` are read, and `STATE_DIRECTORY`, which systemd sets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names the device when `device.name` does not. */
  readonly hostname: string;
  /** `key=value` pairs of the command line, keys dotted, values as texts. */
  readonly overrides?: Iterable<readonly [string, string]>;
  /** Of the agent: settings of signed documents; later ones win. */
  readonly pushed?: readonly PushedLayer[];
  /** The files that are named are on another machine: nobody looks at them. */
  readonly filesElsewhere?: boolean;
}

/** One effective value, for `config show`. */
export interface EffectiveValue {
  readonly key: string;
  /** Canonical: durations in seconds; a secret is replaced by a mark. */
  readonly value: unknown;
  readonly origin: Origin;
}

export interface Loaded<Settings> {
  readonly settings: Settings;
  readonly values: readonly EffectiveValue[];
  /** What is valid and hardly meant. */
  readonly warnings: readonly Finding[];
}

export const AGENT_KEYS: Keys = listKeys(agentSchema as unknown as SchemaTree);
export const MONITOR_KEYS: Keys = listKeys(monitorSchema as unknown as SchemaTree);
/** Read by `keepalivehd fleet`, which may share the environment. */
const COMMAND_VARIABLES = ['KHD_MONITOR_URL', 'KHD_MONITOR_TOKEN_FILE'];
const ALL_VARIABLES = new Set([
  ...[...AGENT_KEYS.values(), ...MONITOR_KEYS.values()].map((item) => item.env),
  ...COMMAND_VARIABLES,
]);

const DEFAULT: Origin = { layer: 'default', detail: null };

/** The agent's settings, frozen. Throws `ConfigError` with every problem found. */
export function loadAgentSettings(options: LoadOptions): AgentSettings {
  return loadAgent(options).settings;
}

/** The monitor's settings, frozen. Throws `ConfigError` with every problem found. */
export function loadMonitorSettings(options: LoadOptions): MonitorSettings {
  return loadMonitor(options).settings;
}

/** As `loadAgentSettings`, with the origin of every value. */
export function loadAgent(options: LoadOptions): Loaded<AgentSettings> {
  const read = readLayers(options, AGENT_KEYS);
  nameOtherPart(read, 'monitor', MONITOR_KEYS, options.file);
  applyPreset(read);
  stateDirectoryDefault(read, 'state_directory', options.env);
  hostnameDefault(read, options.hostname);
  const config = finish<AgentConfig>(read, agentSchema, AGENT_KEYS, agentChecks, options);
  return {
    settings: toAgentSettings(config, config.device.name ?? ''),
    values: effectiveValues(config, read, AGENT_KEYS).map((each) => derivedValue(each, config)),
    warnings: [],
  };
}

/** As `loadMonitorSettings`, with the origin of every value. */
export function loadMonitor(options: LoadOptions): Loaded<MonitorSettings> {
  const read = readLayers(options, MONITOR_KEYS);
  nameOtherPart(read, 'agent', AGENT_KEYS, options.file);
  stateDirectoryDefault(read, 'data_directory', options.env);
  const config = finish<MonitorConfig>(read, monitorSchema, MONITOR_KEYS, monitorChecks, options);
  const values = effectiveValues(config, read, MONITOR_KEYS);
  const given = values.filter(({ origin }) => origin.layer !== 'default').map(({ key }) => key);
  return { settings: toMonitorSettings(config), values, warnings: monitorWarnings(config, given) };
}

function readLayers({ file, env, overrides, pushed }: LoadOptions, keys: Keys): Gathered {
  const read = gather();
  if (file !== undefined) readFileLayer(read, file, keys);
  for (const layer of pushed ?? []) addPushed(read, layer, keys);
  addEnvironment(read, env, keys, ALL_VARIABLES);
  addOverrides(read, overrides ?? [], keys);
  return read;
}

function readFileLayer(read: Gathered, path: string, keys: Keys): void {
  const refuse = (problem: string, fix: string) => {
    // What the file would have said is unknown: nothing may be concluded about any key.
    for (const key of keys.keys()) read.broken.add(key);
    read.problems.push({ key: path, value: null, problem, fix, source: null });
  };
  const file = readTextFile(path);
  const parsed = file.ok ? parseJson5(file.text) : null;
  if (!file.ok) refuse(file.problem, file.fix);
  else if (isEmptyText(file.text)) refuse('is empty', 'write { key: value, … }, or leave the file out');
  else if (parsed?.ok === true) addFile(read, parsed.value, path, keys, parsed.lines);
  else
    refuse(`line ${parsed?.line}, column ${parsed?.column}: ${parsed?.problem}`, 'correct the JSON5 there');
}

function applyPreset(read: Gathered): void {
  const name = read.values.get('preset')?.value as PresetName | null | undefined;
  if (name !== undefined && name !== null) addPreset(read, name, PRESETS[name], AGENT_KEYS);
}

/** systemd's `StateDirectory=` comes as a list separated by colons; the first is ours. */
function stateDirectoryDefault(read: Gathered, key: string, env: LoadOptions['env']): void {
  const folder = env.STATE_DIRECTORY?.split(':')[0];
  if (folder === undefined || folder === '' || read.values.has(key)) return;
  read.values.set(key, { value: folder, origin: { layer: 'default', detail: 'STATE_DIRECTORY' } });
}

function hostnameDefault(read: Gathered, hostname: string): void {
  const key = 'device.name';
  if ((read.values.get(key)?.value ?? null) !== null || read.broken.has(key)) return;
  // Every machine that nobody named is "localhost": two of them would be one device.
  if (isDeviceName(hostname) && hostname !== 'localhost') {
    read.values.set(key, { value: hostname, origin: { layer: 'default', detail: 'host name' } });
    return;
  }
  const problem = `is missing, and the host name ${showValue(hostname, false)} cannot stand in`;
  read.problems.push({ key, value: null, problem, fix: 'set it, such as "pump-17"', source: null });
}

/** Merges, looks at the files named, checks what goes together; throws when anything was wrong. */
function finish<Config>(
  read: Gathered,
  schema: SchemaOf<Config>,
  keys: Keys,
  checks: readonly Check<Config>[],
  { filesElsewhere = false }: LoadOptions,
): Config {
  const values = [...read.values].filter(([key]) => !read.broken.has(key));
  const config = merge(
    schema,
    values.map(([key, entry]) => [key, entry.value] as const),
  );
  const originOf = (key: string): Origin => read.values.get(key)?.origin ?? DEFAULT;
  for (const { keys: needed, check } of checks) {
    if (needed.some((key) => read.broken.has(key))) continue;
    const found = check(config, originOf) ?? [];
    for (const finding of 'key' in found ? [found] : found) {
      const fix = finding.fix + unitNote(read, finding, keys);
      read.problems.push({ ...finding, fix, value: null, source: sourceOf(originOf(finding.key)) });
    }
  }
  const secrets = filesElsewhere ? [] : readNamedFiles(read, keys);
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  if (secrets.length === 0) return config;
  return merge(schema, [...values.map(([key, entry]) => [key, entry.value] as const), ...secrets]);
}

/** A message shows durations with their unit; who wrote a bare number may have meant another. */
function unitNote(read: Gathered, { key }: Finding, keys: Keys): string {
  const written = read.values.get(key)?.written;
  const isBare = typeof written === 'number' || (typeof written === 'string' && /^[\d.]+$/.test(written));
  return isBare && keys.get(key)?.format === 'duration' ? `; ${written} without a unit is seconds` : '';
}

/** Reads the secrets and sees that the other files can be read. Returns `broker.password` for `…_file`. */
function readNamedFiles(read: Gathered, keys: Keys): (readonly [string, string])[] {
  const secrets: (readonly [string, string])[] = [];
  for (const [key, { value, origin }] of read.values) {
    if (!key.endsWith('_file') || typeof value !== 'string' || read.broken.has(key)) continue;
    const secretKey = key.slice(0, -'_file'.length);
    const file = keys.has(secretKey)
      ? readSecretFile(value)
      : (checkReadable(value) ?? { ok: true, text: '' });
    if ('problem' in file) {
      const { problem, fix } = file;
      read.problems.push({ key, value: showValue(value, false), problem, fix, source: sourceOf(origin) });
    } else if (keys.has(secretKey)) {
      secrets.push([secretKey, file.text]);
    }
  }
  return secrets;
}

/** What an unstated value comes to, where it follows from others. */
function derivedValue(each: EffectiveValue, config: AgentConfig): EffectiveValue {
  if (each.value !== null) return each;
  const origin: Origin = { layer: 'derived', detail: null };
  if (each.key === 'keepalive_timeout') return { ...each, value: timeoutSeconds(config), origin };
  if (each.key === 'max_detection') return { ...each, value: maxDetectionSeconds(config), origin };
  return each;
}

const MASK = '********';

function effectiveValues(config: object, read: Gathered, keys: Keys): EffectiveValue[] {
  return [...keys].map(([key, item]) => {
    const value = key
      .split('.')
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], config);
    const fileOrigin = read.values.get(`${key}_file`)?.origin;
    const origin = read.values.get(key)?.origin ?? fileOrigin ?? DEFAULT;
    return { key, value: item.sensitive === true && value !== null ? MASK : value, origin };
  });
}
