/** What does not go together in sinks, routes and silences. Pure. */
import { isAbsolute } from 'node:path';
import type { Check, Finding } from './checks.ts';
import { nearest } from './nearest.ts';
import type { AlertsConfig, RouteConfig, SilenceConfig } from './schema/alerts.ts';

const SINK_KEYS = [
  'sinks.log',
  'sinks.mqtt',
  'sinks.webhook.url',
  'sinks.alertmanager.urls',
  'sinks.command.argv',
] as const;

/** The sinks that the configuration switches on, in the order of delivery. */
export function sinkNames({ sinks }: Pick<AlertsConfig, 'sinks'>): string[] {
  return [
    ...(sinks.log ? ['log'] : []),
    ...(sinks.mqtt ? ['mqtt'] : []),
    ...(sinks.webhook.url === null ? [] : ['webhook']),
    ...(sinks.alertmanager.urls.length === 0 ? [] : ['alertmanager']),
    ...(sinks.command.argv.length === 0 ? [] : ['command']),
  ];
}

const KNOWN_SINKS = ['log', 'mqtt', 'webhook', 'alertmanager', 'command'];

function unknownSink(config: AlertsConfig): Finding | null {
  const enabled = sinkNames(config);
  for (const [index, { sinks }] of config.routes.entries()) {
    const sink = sinks.find((name) => !enabled.includes(name));
    if (sink === undefined) continue;
    const problem = `entry ${index + 1} names the sink "${sink}"`;
    if (KNOWN_SINKS.includes(sink)) {
      return { key: 'routes', problem: `${problem}, which is not switched on`, fix: `set up sinks.${sink}` };
    }
    const meant = nearest(sink, KNOWN_SINKS);
    const fix = meant === null ? `use any of: ${enabled.join(', ')}` : `did you mean "${meant}"?`;
    return { key: 'routes', problem: `${problem}, which does not exist`, fix };
  }
  return null;
}

const isCatchAll = (route: RouteConfig): boolean =>
  route.groups.length + route.networks.length + route.severities.length === 0 && !route.continue;

function unreachableRoute({ routes }: AlertsConfig): Finding | null {
  const catchAll = routes.findIndex(isCatchAll);
  if (catchAll < 0 || catchAll === routes.length - 1) return null;
  return {
    key: 'routes',
    problem: `entry ${catchAll + 1} takes everything, and nothing reaches entry ${catchAll + 2}`,
    fix: 'move it to the end, give it groups, networks or severities, or continue: true',
  };
}

function shortRepeat({ routes }: AlertsConfig): Finding | null {
  const index = routes.findIndex(({ repeat }) => repeat !== null && repeat > 0 && repeat < 60);
  if (index < 0) return null;
  return {
    key: 'routes',
    problem: `entry ${index + 1} repeats too often`,
    fix: 'write 1m or more, or 0 for never',
  };
}

/** Why a silence makes no sense, with a way out; null: it does. */
export function silenceProblem(silence: SilenceConfig): { problem: string; fix: string } | null {
  const { from, to, schedule, duration, all } = silence;
  const once = from !== null || to !== null;
  const recurring = schedule !== null || duration !== null;
  if (once === recurring)
    return { problem: 'has to have a window', fix: 'write from and to, or schedule and duration' };
  if (once && (from === null || to === null))
    return { problem: 'has only one of from and to', fix: 'write both' };
  if (recurring && (schedule === null || duration === null))
    return { problem: 'has only one of schedule and duration', fix: 'write both' };
  if (from !== null && to !== null && Date.parse(from) >= Date.parse(to))
    return { problem: 'ends before it begins', fix: 'write a to that is later than from' };
  const matchers = silence.groups.length + silence.devices.length + silence.networks.length;
  if (matchers === 0 && !all)
    return { problem: 'matches nothing', fix: 'write groups, devices or networks, or all: true' };
  if (matchers > 0 && all)
    return { problem: 'has all: true and groups, devices or networks', fix: 'leave out one of them' };
  return null;
}

function badSilence({ silences }: AlertsConfig): Finding | null {
  for (const [index, silence] of silences.entries()) {
    const found = silenceProblem(silence);
    if (found !== null)
      return { key: 'silences', problem: `entry ${index + 1} ${found.problem}`, fix: found.fix };
  }
  return null;
}

function badCommand({ sinks }: AlertsConfig): Finding | null {
  const [program] = sinks.command.argv;
  if (program === undefined || isAbsolute(program)) return null;
  return {
    key: 'sinks.command.argv',
    problem: 'begins with a program that is not an absolute path',
    fix: 'write where it lies, such as "/usr/local/bin/notify": no PATH is searched',
  };
}

export const alertChecks: readonly Check<AlertsConfig>[] = [
  { keys: ['routes', ...SINK_KEYS], check: unknownSink },
  { keys: ['routes'], check: unreachableRoute },
  { keys: ['routes'], check: shortRepeat },
  { keys: ['silences'], check: badSilence },
  { keys: ['sinks.command.argv'], check: badCommand },
];
