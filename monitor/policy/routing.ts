/** Which sinks hear of a notice, and how often they are reminded of it. */
import type { RouteSettings, RoutingSettings } from '../../config/alert-settings.ts';
import { matchesAny, type NoticeFacts } from './notice-facts.ts';

/** Sink → seconds until it is reminded (null: never). The first route that names a sink decides for it. */
export type Targets = ReadonlyMap<string, number | null>;

export function targetsOf({ routes, sinks, repeatSeconds }: RoutingSettings, facts: NoticeFacts): Targets {
  const targets = new Map<string, number | null>();
  let matched = false;
  for (const route of routes) {
    if (!matches(route, facts)) continue;
    matched = true;
    for (const sink of route.sinks) if (!targets.has(sink)) targets.set(sink, route.repeatSeconds);
    if (!route.continues) break;
  }
  return matched ? targets : new Map(sinks.map((sink) => [sink, repeatSeconds]));
}

function matches({ groups, networks, severities }: RouteSettings, facts: NoticeFacts): boolean {
  return (
    matchesAny(groups, facts.groups) &&
    matchesAny(networks, [facts.network]) &&
    matchesAny(severities, [facts.severity])
  );
}
