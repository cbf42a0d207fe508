/** A discrete-event run of one device on a virtual clock: a rule against a world, energy and reach counted. */

import { seededRandom } from '../world/seeded-random.ts';
import { type Radio, RadioMeter } from './radio.ts';
import type { Rule } from './rules/rule.ts';
import type { World } from './world.ts';

export interface Totals {
  readonly seconds: number;
  readonly joules: number;
  readonly probes: number;
  /** Connections that died because the path forgot them. */
  readonly drops: number;
  readonly unreachableSeconds: number;
}

export interface Run {
  /** Totals at each checkpoint. */
  readonly at: readonly Totals[];
  /** From each loss that was no expiry to the moment the device knew. */
  readonly detectionSeconds: readonly number[];
}

/** One timeline entry for tests and charts. */
export interface Step {
  readonly atSeconds: number;
  readonly silenceSeconds: number;
  readonly outcome: 'answered' | 'repeated' | 'expired' | 'lost' | 'outage' | 'closed';
}

/** Runs `rule` until the last of `checkpoints` (ascending seconds). */
export function simulate(
  rule: Rule,
  world: World,
  radio: Radio,
  checkpoints: readonly number[],
  onStep?: (step: Step) => void,
): Run {
  const device = new Device(rule, world, radio, onStep);
  const at: Totals[] = [];
  for (const checkpoint of checkpoints) {
    let before = device.totals();
    while (device.nowSeconds < checkpoint) {
      before = device.totals();
      device.cycle();
    }
    at.push(between(before, device.totals(), checkpoint));
  }
  return { at, detectionSeconds: device.detectionSeconds };
}

/** A cycle that reaches over the checkpoint counts in proportion; drops count whole. */
function between(before: Totals, after: Totals, seconds: number): Totals {
  const share = Math.min(1, (seconds - before.seconds) / Math.max(1e-9, after.seconds - before.seconds));
  const mix = (from: number, to: number): number => from + share * (to - from);
  return {
    seconds,
    joules: mix(before.joules, after.joules),
    probes: mix(before.probes, after.probes),
    drops: after.drops,
    unreachableSeconds: mix(before.unreachableSeconds, after.unreachableSeconds),
  };
}

class Device {
  nowSeconds = 0;
  readonly detectionSeconds: number[] = [];
  readonly #rule: Rule;
  readonly #world: World;
  readonly #radio: Radio;
  readonly #meter: RadioMeter;
  readonly #random: () => number;
  readonly #onStep: ((step: Step) => void) | undefined;
  #probes = 0;
  #drops = 0;
  #unreachableSeconds = 0;
  #nextLoss = 0;
  #nextOutage = 0;
  #testStartSeconds = 0;

  constructor(rule: Rule, world: World, radio: Radio, onStep?: (step: Step) => void) {
    this.#rule = rule;
    this.#world = world;
    this.#radio = radio;
    this.#meter = new RadioMeter(radio);
    this.#random = seededRandom(world.seed * 104_729 + 7);
    this.#onStep = onStep;
  }

  totals(): Totals {
    return {
      seconds: this.nowSeconds,
      joules: this.#meter.joules,
      probes: this.#probes,
      drops: this.#drops,
      unreachableSeconds: this.#unreachableSeconds,
    };
  }

  /** One silence and its probe, from one live connection to the next. */
  cycle(): void {
    const start = this.nowSeconds;
    const silence = this.#rule.next(start);
    const due = start + silence;
    this.#testsUntil(due);
    const expiry = start + this.#world.idleTimeoutSeconds(start);
    const loss = this.#lossAfter(start);
    const outage = this.#outageAfter(start);
    const outageStart = outage?.startSeconds ?? Number.POSITIVE_INFINITY;
    const death = Math.min(expiry, loss, outageStart);
    if (death > due) {
      this.#answered(due, silence);
      return;
    }
    const expired = death === expiry;
    if (expired) this.#drops++;
    if (expired && this.#world.loud) this.#closed(death, death - start);
    else this.#lost(death, due, silence, expired, outage);
  }

  #answered(due: number, silence: number): void {
    this.#probes++;
    this.#meter.packets(due, 0);
    this.nowSeconds = due;
    const rttMs = this.#radio.rttMs * this.#world.rttFactor(due, this.#random);
    const repeated = this.#random() < this.#world.repeatProbability(due);
    if (repeated) {
      this.#probes++;
      this.nowSeconds += this.#radio.answerWaitsSeconds[0] as number;
      this.#meter.packets(this.nowSeconds, 0);
    }
    this.#onStep?.({
      atSeconds: due,
      silenceSeconds: silence,
      outcome: repeated ? 'repeated' : 'answered',
    });
    this.#rule.answered(this.nowSeconds, silence, rttMs, repeated);
  }

  #closed(death: number, idle: number): void {
    const reconnect = this.#radio.reconnectSeconds;
    this.#meter.packets(death, reconnect);
    this.#unreachableSeconds += reconnect;
    this.nowSeconds = death + reconnect;
    this.#onStep?.({ atSeconds: death, silenceSeconds: idle, outcome: 'closed' });
    if (this.#rule.closedWhileIdle) this.#rule.closedWhileIdle(this.nowSeconds, idle);
    else this.#rule.lost(this.nowSeconds, idle);
  }

  #lost(death: number, due: number, silence: number, expired: boolean, outage: OutageSpan | null): void {
    let known = due;
    for (const wait of this.#waits()) {
      this.#probes++;
      this.#meter.packets(known, 0);
      known += wait;
    }
    if (!expired) this.detectionSeconds.push(known - death);
    const outageEnd = outage === null ? 0 : outage.startSeconds + outage.durationSeconds;
    const inOutage = outage !== null && outage.startSeconds <= known && outageEnd > known;
    // Attempts back off to five minutes; on average half of the last wait is lost.
    if (inOutage) {
      this.#meter.packets(known, this.#radio.reconnectSeconds);
      known = outageEnd + Math.min(150, outage.durationSeconds / 2);
    }
    this.#meter.packets(known, this.#radio.reconnectSeconds);
    this.nowSeconds = known + this.#radio.reconnectSeconds;
    this.#unreachableSeconds += this.nowSeconds - death;
    this.#onStep?.({
      atSeconds: due,
      silenceSeconds: silence,
      outcome: inOutage ? 'outage' : expired ? 'expired' : 'lost',
    });
    if (inOutage && this.#rule.outage) this.#rule.outage(this.nowSeconds, silence);
    else this.#rule.lost(this.nowSeconds, silence);
  }

  /** After each transmission of a probe that stays unanswered. */
  #waits(): readonly number[] {
    const { replyWaitSeconds } = this.#rule;
    return replyWaitSeconds === undefined ? this.#radio.answerWaitsSeconds : [replyWaitSeconds];
  }

  /** The first loss after a time; those that fell on a dead connection have passed. */
  #lossAfter(start: number): number {
    const { losses } = this.#world;
    while ((losses[this.#nextLoss] ?? Number.POSITIVE_INFINITY) < start) this.#nextLoss++;
    return losses[this.#nextLoss] ?? Number.POSITIVE_INFINITY;
  }

  #outageAfter(start: number): OutageSpan | null {
    const { outages } = this.#world;
    while ((outages[this.#nextOutage]?.startSeconds ?? Number.POSITIVE_INFINITY) < start) this.#nextOutage++;
    return outages[this.#nextOutage] ?? null;
  }

  /** The trials of a second connection that end before the next probe of the first. */
  #testsUntil(due: number): void {
    const { testNext, testResult } = this.#rule;
    if (testNext === undefined || testResult === undefined) return;
    for (;;) {
      const interval = testNext.call(this.#rule);
      if (interval === null) {
        this.#testStartSeconds = due;
        return;
      }
      const end = this.#testStartSeconds + interval;
      if (end > due) return;
      this.#probes++;
      this.#meter.packets(end, 0);
      const ok = interval < this.#world.idleTimeoutSeconds(end);
      const { reconnectSeconds } = this.#radio;
      const renewed = end + (this.#radio.answerWaitsSeconds[0] as number);
      // A trial that fails waits for its answer, then sets up the second connection anew.
      if (!ok) this.#meter.packets(renewed, reconnectSeconds);
      this.#testStartSeconds = ok ? end : renewed + reconnectSeconds;
      testResult.call(this.#rule, interval, ok);
    }
  }
}

type OutageSpan = World['outages'][number];
