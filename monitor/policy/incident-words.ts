/** Incidents in words for people. */
import { deadCountOf, type Incident, type IncidentScope } from './incident.ts';
import { type Silence, silent } from './silence-counts.ts';

/** As it opens; `silence` is its scope's. */
export function openedSummary({ scope, firstMembers }: Incident, silence: Silence): string {
  const gone = silent(silence);
  return (
    `${placeOf(scope)}: ${gone} of ${gone + silence.present} devices are silent, ` +
    `${silence.dead} of them past their keepalive_timeout; the first was ${firstMembers[0]}.`
  );
}

export function grownSummary(incident: Incident): string {
  const { scope, memberCount } = incident;
  return `${placeOf(scope)}: ${memberCount} devices have died, ${deadCountOf(incident)} are dead now.`;
}

/** An open incident for those who are told of it later than at its opening. */
export function asItStands(incident: Incident): Incident {
  return { ...incident, summary: grownSummary(incident) };
}

export function resolvedSummary(incident: Incident): string {
  const { scope, memberCount, aliveAgainCount } = incident;
  const dead = deadCountOf(incident);
  const rest = dead === 0 ? '' : `; ${dead} are still dead, each an alert of its own`;
  return `${placeOf(scope)}: ${aliveAgainCount} of ${memberCount} devices are back${rest}.`;
}

export function absorbedSummary({ scope, memberCount }: Incident, by: string): string {
  return `${placeOf(scope)}: its ${memberCount} devices are part of incident ${by} now.`;
}

function placeOf({ kind, name }: IncidentScope): string {
  switch (kind) {
    case 'network':
      return `Network ${name}`;
    case 'group':
      return `Group ${name}`;
    case 'broker':
      return `Since broker ${name} was away`;
    case 'fleet':
      return 'The fleet';
  }
}
