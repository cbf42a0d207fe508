/**
 * Fleet configuration from ear to mouth: what devices report and operators order goes into the book and the store, and
 * only then out to the devices. What could not be published is published again when the link is back (adr/0016).
 */
import type { ConfigurationReport } from '../protocol/configuration-report.ts';
import { configTopic, groupConfigTopic, waveConfigTopic } from '../protocol/topics.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPublisher } from './io/sinks/mqtt.ts';
import { type Commit, NO_NEWS } from './io/stores/store.ts';
import type { Transition } from './policy/device.ts';
import type { Order, Rollout } from './policy/rollout/rollout.ts';
import type { RolloutBook, StartRefusal } from './policy/rollout/rollout-book.ts';
import type { RolloutNews, RolloutPublish, RolloutStep } from './policy/rollout/rollout-draft.ts';
import { NEWS_EVENTS } from './policy/rollout/words.ts';

const EMPTY = new Uint8Array();
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 10_000;

export interface RolloutsParts {
  readonly book: RolloutBook;
  readonly commit: (commit: Commit) => Promise<void>;
  readonly publisher: MqttPublisher;
  readonly doubting: () => boolean;
  readonly onNews?: (news: RolloutNews) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Rollouts {
  readonly #parts: RolloutsParts;
  #waiting: RolloutStep[] = [];
  /** Resolved once all that waits is durable. */
  #durable: (() => void)[] = [];
  #keeping = false;
  #due: RolloutPublish[] = [];
  #publishing = false;
  #linkUp = false;
  #stopped = false;

  constructor(parts: RolloutsParts) {
    this.#parts = parts;
  }

  get book(): RolloutBook {
    return this.#parts.book;
  }

  linkUp(): void {
    this.#linkUp = true;
    this.#due = [];
    this.#take(this.book.linkUp());
  }

  linkLost(): void {
    this.#linkUp = false;
  }

  /** Says why the report was not taken in, or null. */
  reportHeard(device: string, report: ConfigurationReport): 'stale-epoch' | null {
    const step = this.book.reportHeard(device, report);
    if (step === null) return 'stale-epoch';
    this.#take(step);
    return null;
  }

  moved({ device, to }: Transition): void {
    if (to === 'dead') this.#take(this.book.lapsed(device));
  }

  /** To be called about once a second. */
  advance(): void {
    const { clock, doubting } = this.#parts;
    this.#take(this.book.advance(clock.now(), doubting()));
  }

  forget(devices: readonly string[]): void {
    for (const device of devices) this.#take(this.book.forget(device));
  }

  /** Resolves when it is durable. */
  async start(order: Order): Promise<StartRefusal | Rollout> {
    const step = this.book.start(order, this.#parts.clock.now());
    if (typeof step === 'string') return step;
    await this.#kept(step);
    return step.rollout;
  }

  /** As `start`; false: there is no such rollout, or it is not under way. */
  async halt(id: string, reason: string): Promise<boolean> {
    return this.#steer(this.book.halt(id, reason));
  }

  async resume(id: string): Promise<boolean> {
    return this.#steer(this.book.resume(id, this.#parts.clock.now()));
  }

  /** Nothing more is published; what is durable is taken up by the next start. */
  stop(): void {
    this.#stopped = true;
  }

  async #steer(step: RolloutStep | null): Promise<boolean> {
    if (step === null) return false;
    await this.#kept(step);
    return true;
  }

  #kept(step: RolloutStep): Promise<void> {
    return new Promise((resolve) => {
      this.#durable.push(resolve);
      this.#take(step, true);
    });
  }

  #take(step: RolloutStep, awaited = false): void {
    if (!awaited && step.rows.length + step.publishes.length + step.news.length === 0) return;
    this.#waiting.push(step);
    if (!this.#keeping) void this.#keep();
  }

  /** One commit at a time; what comes in the meantime goes into the next. */
  async #keep(): Promise<void> {
    this.#keeping = true;
    while (this.#waiting.length > 0 && !this.#stopped) {
      const steps = this.#waiting;
      const durable = this.#durable;
      this.#waiting = [];
      this.#durable = [];
      const rows = new Map(steps.flatMap((step) => step.rows).map(({ key, text }) => [key, text]));
      if (rows.size > 0) await this.#commit([...rows].map(([key, text]) => ({ key, text })));
      for (const resolve of durable) resolve();
      for (const news of steps.flatMap((step) => step.news)) this.#tell(news);
      for (const step of steps) this.#due.push(...step.publishes);
      if (!this.#publishing) void this.#publish();
    }
    this.#keeping = false;
  }

  async #commit(configurations: NonNullable<Commit['configurations']>): Promise<void> {
    const { commit, clock, random, log } = this.#parts;
    for (let failures = 0; !this.#stopped; failures++) {
      try {
        await commit({ ...NO_NEWS, configurations });
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        log.write('error', 'rolloutNotStored', `the store does not take a rollout's news: ${why}`);
        const waitMs = fullJitterMs(failures, RETRY_MIN_MS, RETRY_MAX_MS, random);
        await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
      }
    }
  }

  #tell(news: RolloutNews): void {
    const { log, onNews } = this.#parts;
    const { rollout, what, wave, text } = news;
    const level = what === 'halted' ? 'warn' : 'info';
    log.write(level, NEWS_EVENTS[what], text, { rollout: rollout.id, wave });
    onNews?.(news);
  }

  async #publish(): Promise<void> {
    this.#publishing = true;
    while (this.#due.length > 0 && this.#linkUp && !this.#stopped) {
      const due = this.#due;
      this.#due = [];
      const offers = new Map<string, number>();
      for (const { kind, id } of due) if (kind === 'offer') offers.set(id, (offers.get(id) ?? 0) + 1);
      for (const each of due) {
        if (!this.#linkUp || !(await this.#publishOne(each))) continue;
        if (each.kind !== 'offer') continue;
        const left = (offers.get(each.id) ?? 0) - 1;
        offers.set(each.id, left);
        if (left === 0) this.#take(this.book.released(each.id));
      }
    }
    this.#publishing = false;
  }

  /** Whether the broker has it. If the link was lost, `linkUp` says everything again. */
  async #publishOne(each: RolloutPublish): Promise<boolean> {
    const { publisher, log } = this.#parts;
    const payload = each.kind === 'withdraw' ? EMPTY : new TextEncoder().encode(each.document);
    try {
      await publisher.publish(topicOf(each), payload, { qos: 1, retain: true });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.write('warn', 'configurationUntold', `${topicOf(each)} could not be written: ${why}`, {
        rollout: each.id,
      });
      // A number is the broker's reason code: it would refuse again.
      const refused = typeof (error as { code?: unknown }).code === 'number';
      if (refused && each.kind === 'offer') {
        this.#take(this.book.halt(each.id, `the broker refuses ${topicOf(each)}: ${why}`) ?? NOTHING);
      }
      return false;
    }
    if (each.kind === 'settle') this.#take(this.book.settled(each.id));
    if (each.kind === 'withdraw') this.#take(this.book.withdrawn(each.id, each.device));
    return true;
  }
}

const NOTHING: RolloutStep = { rows: [], publishes: [], news: [] };

/** A device's own document has its own topic, apart from that of its group's. */
function topicOf(each: RolloutPublish): string {
  if (each.kind === 'settle') return groupConfigTopic(each.target.name);
  return each.target.kind === 'device' ? configTopic(each.device) : waveConfigTopic(each.device);
}
