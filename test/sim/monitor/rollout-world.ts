/** A thousand devices, a broker that keeps retained documents, and a monitor that rolls one out: all in one second's steps. */

import { fleetFace } from '../../../monitor/fleet-face.ts';
import type { Rollout } from '../../../monitor/policy/rollout/rollout.ts';
import { RolloutBook } from '../../../monitor/policy/rollout/rollout-book.ts';
import type { RolloutStep } from '../../../monitor/policy/rollout/rollout-draft.ts';
import { type KeptRow, readRow } from '../../../monitor/policy/rollout/rows.ts';
import { readWaves } from '../../../monitor/policy/rollout/waves.ts';
import { type Now, type Step, Watch } from '../../../monitor/policy/watch.ts';
import { type ConfigurationDocument, encodeDocument } from '../../../protocol/configuration.ts';
import { encodeReport, parseReport } from '../../../protocol/configuration-report.ts';
import { seeded } from '../../unit/protocol/seeded.ts';
import { INTERVAL_SECONDS, RolloutDevice } from './rollout-device.ts';
import { LIVENESS } from './world.ts';

const START_SECONDS = 1_795_392_000;
/** Networks by size. */
const NETWORKS: readonly (readonly [string, number])[] = [
  ['n-large', 400],
  ['n-second', 300],
  ['n-third', 200],
  ['n-small', 100],
];
/** The network whose devices may be allergic, and how many of it are. */
export const ALLERGIC = { network: 'n-second', share: 0.3 };
/** Each device is out of coverage so often, for one to ten minutes: nothing that a push is to blame for. */
const DARK_SPELLS_PER_DAY = 1;

export class RolloutWorld {
  nowMs = 0;
  brokerUp = true;
  readonly devices: readonly RolloutDevice[];
  book: RolloutBook;
  readonly rows = new Map<string, string>();
  readonly news: string[] = [];
  readonly #random;
  readonly #byName: ReadonlyMap<string, RolloutDevice>;
  readonly #watch: Watch;
  /** Retained, by device; the group's under ''. */
  readonly #retained = new Map<string, string>();
  readonly #documents = new Map<string, { readonly hash: string; readonly payload: Uint8Array }>();

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.#watch = new Watch(LIVENESS, [], [], this.now());
    this.#watch.trust('link-lost', this.now());
    this.book = new RolloutBook(fleetFace(this.#watch));
    const surroundings = {
      nowMs: () => this.nowMs,
      random: this.#random,
      wallSeconds: () => START_SECONDS + this.nowMs / 1000,
      reaches: ({ darkUntilMs }: RolloutDevice) => this.brokerUp && this.nowMs >= darkUntilMs,
      onProbe: (device: RolloutDevice) => this.#probed(device),
      onUp: (device: RolloutDevice) => this.#connected(device),
      onReport: (device: RolloutDevice, report: Parameters<typeof encodeReport>[0]) => {
        const parsed = parseReport(encodeReport(report));
        if (!parsed.ok) throw new Error(`a report of ours is refused: ${parsed.refusal}`);
        this.#take(this.book.reportHeard(device.name, parsed.report));
      },
    };
    this.devices = NETWORKS.flatMap(([network, size]) =>
      Array.from({ length: size }, (_, at) => {
        const isAllergic = network === ALLERGIC.network && at < size * ALLERGIC.share;
        return new RolloutDevice(`${network}-${at}`, network, isAllergic, surroundings);
      }),
    );
    this.#byName = new Map(this.devices.map((device) => [device.name, device]));
  }

  now(): Now {
    return { monotonicMs: 5000 + this.nowMs, wallMs: START_SECONDS * 1000 + this.nowMs };
  }

  /** Starts a rollout over everybody. */
  push(version: number, settings: Readonly<Record<string, unknown>>): Rollout {
    const document: ConfigurationDocument = {
      ...{ target: { kind: 'group', name: 'pilot' }, version, issuedAt: START_SECONDS },
      ...{ expiresAt: START_SECONDS + 864_000, confirmWithinSeconds: 120, settings, trustedKeys: null },
    };
    const [text, hash] = [`jws-${version}`, `${version}`.padStart(16, '0')];
    this.#documents.set(text, { hash, payload: encodeDocument(document) });
    const read = readWaves(['1', '5%', '25%', '100%']);
    if (!read.ok) throw new Error(read.problem);
    const terms = { expiresAtMs: document.expiresAt * 1000, confirmWithinSeconds: 120, observeSeconds: 600 };
    const order = { target: document.target, version, hash, document: text, waves: read.waves, ...terms };
    const started = this.book.start(order, this.now());
    if (typeof started === 'string') throw new Error(started);
    this.#take(started);
    return started.rollout;
  }

  pass(seconds: number): void {
    for (let passed = 0; passed < seconds; passed++) this.#tick();
  }

  /** Until the rollout is no longer running, at most so long. */
  passWhileRunning(rollout: { readonly id: string }, seconds: number): void {
    for (let passed = 0; passed < seconds && this.book.rollout(rollout.id)?.state === 'running'; passed++)
      this.#tick();
  }

  /** The broker is gone: the monitor notices at once, the devices when their probes stay unanswered. */
  breakBroker(): void {
    this.brokerUp = false;
    this.#watch.doubt('link-lost', this.now());
  }

  mendBroker(): void {
    this.brokerUp = true;
    this.#judged(this.#watch.trust('link-lost', this.now()));
    this.#take(this.book.linkUp());
  }

  /** The monitor is killed: what was kept is all that is left of rollouts. */
  restartMonitor(): void {
    this.book = new RolloutBook(fleetFace(this.#watch));
    const kept = [...this.rows].sort(([a], [b]) => (a < b ? 1 : -1));
    this.book.takeUp(
      kept.map(([key, text]) => readRow(key, text)).filter((row): row is KeptRow => row !== null),
    );
    this.#take(this.book.linkUp());
  }

  #tick(): void {
    this.nowMs += 1000;
    const chance = DARK_SPELLS_PER_DAY / 86_400;
    for (const device of this.devices) {
      if (this.#random() < chance) device.darkUntilMs = this.nowMs + 60_000 + this.#random() * 540_000;
      device.tick();
    }
    this.#judged(this.#watch.advance(this.now()));
    this.#take(this.book.advance(this.now(), this.#watch.doubts.length > 0));
  }

  #probed({ name }: RolloutDevice): void {
    const probe = { promisedSeconds: INTERVAL_SECONDS, repeat: false, externalPower: false, vitals: null };
    this.#judged(this.#watch.probeHeard(name, probe, this.now()));
  }

  #connected(device: RolloutDevice): void {
    const said = { intervalSeconds: INTERVAL_SECONDS, count: 3, reason: 'test', agentVersion: '0' };
    const counters = { probes: 0, reconnects: 0, lapses: 0 };
    const rest = { network: device.network, groups: ['pilot'], configurationVersion: null, counters };
    const status = { state: 'online', epoch: device.epoch, ...said, ...rest } as const;
    this.#judged(this.#watch.statusHeard(device.name, status, false, this.now()));
    for (const key of ['', device.name]) this.#deliver(device, this.#retained.get(key));
  }

  #deliver(device: RolloutDevice, text: string | undefined): void {
    const document = text === undefined ? undefined : this.#documents.get(text);
    if (text !== undefined && document !== undefined) device.hear(document.hash, text, document.payload);
  }

  #judged({ transitions }: Step): void {
    for (const { device, to } of transitions) if (to === 'dead') this.#take(this.book.lapsed(device));
  }

  /** As the shell does it: keep, then publish, and tell the book what is out. */
  #take(step: RolloutStep | null): void {
    if (step === null) return;
    for (const { key, text } of step.rows) {
      if (text === null) this.rows.delete(key);
      else this.rows.set(key, text);
    }
    for (const { rollout, what } of step.news) this.news.push(`${what} ${rollout.wave + 1}`);
    const offered = new Set<string>();
    for (const each of this.brokerUp ? step.publishes : []) {
      if (each.kind === 'offer') {
        this.#retained.set(each.device, each.document);
        offered.add(each.id);
        const device = this.#byName.get(each.device);
        if (device !== undefined) this.#deliver(device, each.document);
      } else if (each.kind === 'withdraw') {
        this.#retained.delete(each.device);
        this.#take(this.book.withdrawn(each.id, each.device));
      } else {
        this.#retained.set('', each.document);
        for (const device of this.devices) this.#deliver(device, each.document);
        this.#take(this.book.settled(each.id));
      }
    }
    for (const id of offered) this.#take(this.book.released(id));
  }
}
