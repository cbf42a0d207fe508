/** A device's pushed settings with the real store and real signatures; its clock and its link are the test's. */
import { Fleet } from '../../../agent/fleet.ts';
import { openFleetStore } from '../../../agent/io/fleet-store.ts';
import { inForce, layersOf } from '../../../agent/policy/fleet/layers.ts';
import type { FleetConfig, FleetLayer, Plan } from '../../../agent/policy/fleet/types.ts';
import { CONFIGURATION_TYPE, encodeDocument } from '../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import type { FileCalls } from '../../../runtime/atomic-file.ts';
import { type KeyPair, signCompact, verifyCompact } from '../../../runtime/jws.ts';

/** RFC 8037, appendix A: a key that everybody knows. */
export const KEY: KeyPair = {
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};
const CONFIRM_WITHIN_SECONDS = 60;
const PLAN: Plan = { reconnects: false, fixedIntervalMs: null, count: 2, overridden: [] };
const CONFIG: FleetConfig = { device: 'pump-17', groups: [], ownKeys: 'own', sinceSeconds: 0 };

export interface Signing {
  readonly key?: KeyPair;
  readonly trustedKeys?: readonly string[] | null;
}

/** Version `version` of the device's own document, signed. */
export function signed(version: number, { key = KEY, trustedKeys = null }: Signing = {}): Promise<string> {
  const document = {
    target: { kind: 'device', name: 'pump-17' } as const,
    ...{ version, issuedAt: 1, expiresAt: 2 ** 40, confirmWithinSeconds: CONFIRM_WITHIN_SECONDS },
    ...{ settings: { keepalive_interval: `${version}m` }, trustedKeys },
  };
  return signCompact(encodeDocument(document), CONFIGURATION_TYPE, key);
}

export interface OnDisk {
  readonly fleet: Fleet;
  readonly reports: readonly ConfigurationReport[];
  /** What runs: the versions laid over the file. */
  running(): string;
  /** Resolves when the document is examined and what followed from it is done. */
  hear(version: number, signing?: Signing): Promise<void>;
  /** Probes are answered until the trial has nothing more to ask. */
  answer(): void;
  /** They are not, and its time passes; then the settings from before prove that they work. */
  fail(): void;
}

/** A start: what is on disk runs. `onApply` hears what runs from then on. */
export function startOnDisk(
  folder: string,
  calls?: FileCalls,
  onApply: (running: string) => void = () => {},
  ownKeys = 'own',
): OnDisk {
  const log = { write: () => {}, flush: async () => {} };
  const store = openFleetStore(folder, log, calls);
  const reports: ConfigurationReport[] = [];
  const named = (layers: readonly FleetLayer[]): string =>
    layers.map(({ origin }) => `v${origin.version}`).join('+') || 'file';
  let running = named(layersOf(inForce(store.record.confirmed, CONFIG)));
  let [nowMs, probe] = [0, 0];
  let examined = (): void => {};
  const fleet = new Fleet(
    {
      config: { ...CONFIG, ownKeys },
      fileKeys: [KEY.x],
      store,
      verify: (text, keys) => verifyCompact(text, CONFIGURATION_TYPE, keys),
      check: () => ({ ok: true, plan: PLAN }),
      apply(layers) {
        running = named(layers);
        onApply(running);
      },
      versionChanged: () => {},
      probe: () => {},
      publish: (report, onDone) => {
        reports.push(report);
        onDone(true);
      },
      listen: () => {},
      wakeChanged: () => examined(),
      now: () => nowMs,
      wallSeconds: () => 1_795_392_000,
      log,
    },
    { overridden: [], leftOut: [] },
  );
  fleet.handle({ kind: 'linkUp', epoch: 1 });
  const send = (acked: boolean): void => {
    probe += 1;
    nowMs += 1000;
    fleet.handle({ kind: 'probeSent', id: probe });
    if (acked) fleet.handle({ kind: 'probeAcked', id: probe });
  };
  return {
    fleet,
    reports,
    running: () => running,
    async hear(version, signing) {
      const text = await signed(version, signing);
      const done = new Promise<void>((resolve) => {
        examined = resolve;
      });
      fleet.hear('topic', new TextEncoder().encode(text));
      await done;
    },
    answer() {
      for (let i = 0; i < 4; i += 1) send(true);
    },
    fail() {
      send(false);
      nowMs += CONFIRM_WITHIN_SECONDS * 1000;
      fleet.handle({ kind: 'timePassed' });
      send(true);
    },
  };
}
