/** What the members of an incident have in common, and whether one more death is part of it. Pure. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { DeviceRecord, LapseCause } from './device.ts';
import { deadCountOf, type Incident, type IncidentRecord, type IncidentScope } from './incident.ts';
import type { SilenceCensus } from './silence-census.ts';
import { isMass, type Silence, silent } from './silence-counts.ts';

/** A narrow scope explains a wide silence when it holds so much of it. */
const EXPLAINS = 0.8;
/** An open incident takes more members until its scope is so much below what opens one. */
const HYSTERESIS = 0.5;

/** Whose death it is. */
export type Deceased = Pick<DeviceRecord, 'device' | 'network' | 'groups'>;

/** The narrowest scope that explains a death at `atMs`; null: it is one of its own. */
export function explainingScope(
  { network, groups }: Deceased,
  cause: LapseCause,
  census: SilenceCensus,
  settings: IncidentSettings,
  atMs: number,
): IncidentScope | null {
  const { enabled, minDevices, share } = settings;
  if (!enabled) return null;
  const found: { readonly scope: IncidentScope; readonly gone: number }[] = [];
  const look = (scope: IncidentScope): void => {
    const silence = census.of(scope, atMs);
    if (isMass(silence, minDevices, share)) found.push({ scope, gone: silent(silence) });
  };
  for (const name of groups) look({ kind: 'group', name });
  found.sort((a, b) => a.gone - b.gone);
  if (network !== null) look({ kind: 'network', name: network });
  // A network is narrower than any group.
  if (found.at(-1)?.scope.kind === 'network') found.unshift(...found.splice(-1));
  const whole = wholeFleet(cause, settings);
  const silence = census.manyNetworksFell(atMs) ? census.of(whole, atMs) : census.besideFallen(network, atMs);
  if (isFleetDown(silence, settings) || census.manyNetworksFell(atMs))
    found.push({ scope: whole, gone: silent(silence) });
  const most = Math.max(...found.map(({ gone }) => gone));
  return found.find(({ gone }) => gone >= EXPLAINS * most)?.scope ?? null;
}

/** Whether the death at `atMs` of a device within its scope is part of an open incident. */
export function isPartOf(
  { incident, lastDeathMs }: IncidentRecord,
  { network }: Deceased,
  census: SilenceCensus,
  settings: IncidentSettings,
  atMs: number,
): boolean {
  if (!settings.enabled) return false;
  const silence = census.of(incident.scope, atMs);
  // Deaths older than the window are not in the census.
  const gone = silence.late + Math.max(silence.dead, deadCountOf(incident));
  const share = gone / Math.max(1, gone + silence.present);
  if (share >= settings.share) return true;
  if (!isFresh(lastDeathMs, settings, atMs)) return false;
  if (isNarrow(incident.scope)) return share >= settings.share * HYSTERESIS;
  return isStillDown(silence, settings) || census.isWide(network, atMs);
}

/**
 * Whether an incident is over. Until a window has passed without a death, everybody must be back and hardly anybody
 * late; then fewer than open an incident may still be dead.
 */
export function isOver(
  { incident, lastDeathMs }: IncidentRecord,
  census: SilenceCensus,
  settings: IncidentSettings,
  atMs: number,
): boolean {
  const dead = deadCountOf(incident);
  if (!settings.enabled) return true;
  if (!isFresh(lastDeathMs, settings, atMs)) return dead < settings.minDevices;
  if (dead > 0) return false;
  const { late, present } = census.of(incident.scope, atMs);
  const others = { late, present, dead: 0 };
  const { minDevices, share } = settings;
  const isDown = isNarrow(incident.scope)
    ? isMass(others, minDevices * HYSTERESIS, share * HYSTERESIS)
    : isStillDown(others, settings);
  return !isDown;
}

/** Whether somebody of it died within the window. */
export function isFresh(lastDeathMs: number, { windowSeconds }: IncidentSettings, atMs: number): boolean {
  return atMs - lastDeathMs < windowSeconds * 1000;
}

/** Whether the device is within the scope. */
export function isWithin({ scope }: Incident, { network, groups }: Deceased): boolean {
  if (scope.kind === 'network') return scope.name === network;
  return scope.kind === 'group' ? groups.includes(scope.name) : true;
}

function wholeFleet(cause: LapseCause, { broker }: IncidentSettings): IncidentScope {
  return cause === 'since-outage' ? { kind: 'broker', name: broker } : { kind: 'fleet', name: 'fleet' };
}

function isNarrow({ kind }: IncidentScope): boolean {
  return kind === 'network' || kind === 'group';
}

function isFleetDown(silence: Silence, settings: IncidentSettings): boolean {
  const { minDevices, share, fleetMinDevices, fleetShare } = settings;
  return isMass(silence, minDevices, share) || isMass(silence, fleetMinDevices, fleetShare);
}

function isStillDown(silence: Silence, { fleetMinDevices, fleetShare }: IncidentSettings): boolean {
  return isMass(silence, fleetMinDevices * HYSTERESIS, fleetShare * HYSTERESIS);
}
