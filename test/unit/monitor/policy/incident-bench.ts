/** A watch that folds deaths, with a shell and a store of a few lines around it. */
import type { IncidentSettings } from '../../../../config/incident-settings.ts';
import type { Alert, DeviceRecord } from '../../../../monitor/policy/device.ts';
import { happeningsOf } from '../../../../monitor/policy/happenings.ts';
import type { IncidentRecord } from '../../../../monitor/policy/incident.ts';
import { noticeId } from '../../../../monitor/policy/notice.ts';
import { type Step, Watch } from '../../../../monitor/policy/watch.ts';
import { at, probe, record, SETTINGS, wall } from './fixtures.ts';

export const INCIDENTS: IncidentSettings = {
  enabled: true,
  minDevices: 5,
  share: 0.5,
  fleetMinDevices: 20,
  fleetShare: 0.1,
  networks: 3,
  windowSeconds: 600,
  broker: 'broker.example',
};

export class IncidentBench {
  /** `opened <id>` and so on, in order, of alerts and incidents; each message once. */
  readonly told: string[] = [];
  readonly keys: string[] = [];
  readonly records = new Map<string, DeviceRecord>();
  /** Open ones, by id. */
  readonly alerts = new Map<string, Alert>();
  readonly incidents = new Map<string, IncidentRecord>();
  readonly settings: IncidentSettings;
  seconds = 0;
  watch: Watch;

  constructor(devices: readonly DeviceRecord[], settings: Partial<IncidentSettings> = {}) {
    this.settings = { ...INCIDENTS, ...settings };
    for (const device of devices) this.records.set(device.device, device);
    this.watch = this.#watch(this.settings);
  }

  /** As told of incidents alone, without the ids: `opened network/n1 5`, with the number of members. */
  get incidentsTold(): string[] {
    return this.told.filter((text) => text.includes('/'));
  }

  get alertsTold(): string[] {
    return this.told.filter((text) => !text.includes('/'));
  }

  /** All of them are heard. */
  hear(names: readonly string[], promisedSeconds = 30): void {
    for (const name of names)
      this.#take(this.watch.probeHeard(name, probe(promisedSeconds), at(this.seconds)));
  }

  /** Lets time pass; those of `talking` are heard every 10 s. */
  pass(seconds: number, talking: readonly string[] = []): void {
    const until = this.seconds + seconds;
    while (this.seconds < until) {
      this.#passTo(Math.min(until, this.seconds + 10));
      this.hear(talking);
    }
  }

  restart(settings = this.settings): void {
    this.watch = this.#watch(settings);
  }

  /** Dead devices whose alert was told, or that are members of an open incident. */
  standing(name: string): { readonly alone: boolean; readonly incidents: string[] } {
    const alert = [...this.alerts.values()].find(({ device }) => device === name);
    const incidents = this.watch
      .openIncidents()
      .map(({ incident }) => incident.id)
      .filter((id) => [...this.watch.membersOf(id)].some(({ device }) => device === name));
    return { alone: alert !== undefined && alert.quiet !== true, incidents };
  }

  #watch(settings: IncidentSettings): Watch {
    const open = [...this.incidents.values()].filter(({ incident }) => incident.resolvedMs === null);
    const start = { settings, open };
    const watch = new Watch(SETTINGS, this.records.values(), this.alerts.values(), at(this.seconds), start);
    watch.trust('link-lost', at(this.seconds));
    return watch;
  }

  #passTo(seconds: number): void {
    for (;;) {
      const wakeMs = this.watch.wakeAtMs(at(this.seconds));
      if (wakeMs === null || wakeMs > at(seconds).monotonicMs) break;
      this.seconds = Math.max(this.seconds, (wakeMs - at(0).monotonicMs) / 1000);
      this.#take(this.watch.advance(at(this.seconds)));
    }
    this.seconds = seconds;
  }

  #take(step: Step): void {
    for (const saved of step.saves) this.records.set(saved.device, saved);
    for (const alert of [...step.alerts, ...step.quietAlerts]) {
      if (alert.resolvedMs === null) this.alerts.set(alert.id, alert);
      else this.alerts.delete(alert.id);
    }
    for (const incident of step.incidents) this.incidents.set(incident.incident.id, incident);
    for (const { event, notice, idempotencyKey } of happeningsOf(step)) {
      this.keys.push(idempotencyKey);
      if (notice.kind === 'alert') this.told.push(`${event} ${noticeId(notice)}`);
      else {
        const { scope, memberCount, aliveAgainCount } = notice.incident;
        this.told.push(`${event} ${scope.kind}/${scope.name} ${memberCount}-${aliveAgainCount}`);
      }
    }
  }
}

/** `count` alive devices, `<prefix>0` and so on. */
export function devices(prefix: string, count: number, fields: Partial<DeviceRecord> = {}): DeviceRecord[] {
  return Array.from({ length: count }, (_, n) =>
    record({ device: `${prefix}${n}`, network: null, groups: [], lastHeardMs: wall(-1), ...fields }),
  );
}

export function namesOf(records: readonly DeviceRecord[]): string[] {
  return records.map(({ device }) => device);
}
