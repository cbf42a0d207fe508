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

/** Each sink that a route names, with how a message about it begins. */
function* namedSinks({ routes }: AlertsConfig): Iterable<{ readonly sink: string; readonly named: string }> {
  for (const [index, { sinks }] of routes.entries())
    for (const sink of sinks) yield { sink, named: `entry ${index + 1} names the sink "${sink}"` };
}

function unknownSinks(config: AlertsConfig): Finding[] {
  return [...namedSinks(config)]
    .filter(({ sink }) => !KNOWN_SINKS.includes(sink))
    .map(({ sink, named }) => {
      const meant = nearest(sink, KNOWN_SINKS);
      const fix = meant === null ? `use any of: ${KNOWN_SINKS.join(', ')}` : `did you mean "${meant}"?`;
      return { key: 'routes', problem: `${named}, which does not exist`, fix };
    });
}

function sinksSwitchedOff(config: AlertsConfig): Finding[] {
  const enabled = sinkNames(config);
  return [...namedSinks(config)]
    .filter(({ sink }) => KNOWN_SINKS.includes(sink) && !enabled.includes(sink))
    .map(({ sink, named }) => ({
      key: 'routes',
      problem: `${named}, which is not switched on`,
      fix: `set up sinks.${sink}`,
    }));
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

function shortRepeats({ routes }: AlertsConfig): Finding[] {
  return routes.flatMap(({ repeat }, index) => {
    if (repeat === null || repeat <= 0 || repeat >= 60) return [];
    const problem = `entry ${index + 1} repeats too often`;
    return [{ key: 'routes', problem, fix: 'write 1m or more, or 0 for never' }];
  });
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

function badSilences({ silences }: AlertsConfig): Finding[] {
  return silences.flatMap((silence, index) => {
    const found = silenceProblem(silence);
    if (found === null) return [];
    return [{ key: 'silences', problem: `entry ${index + 1} ${found.problem}`, fix: found.fix }];
  });
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
  { keys: ['routes'], check: unknownSinks },
  { keys: ['routes', ...SINK_KEYS], check: sinksSwitchedOff },
  { keys: ['routes'], check: unreachableRoute },
  { keys: ['routes'], check: shortRepeats },
  { keys: ['silences'], check: badSilences },
  { keys: ['sinks.command.argv'], check: badCommand },
];
