/** What is left of a monitor that was killed again and again, and what must hold of it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { Store } from '../../../monitor/io/stores/store.ts';
import type { Alert, Transition } from '../../../monitor/policy/device.ts';
import { DEVICES, outagesOf, type Span } from './crash-world.ts';
import type { Noted } from './tripwires.ts';

/** The lines of a file that a process may have been killed in writing; none, when it is not there. */
export function wholeLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** Of the world's time, from what happened to the receiver, kills included: nothing waits for what comes next. */
const LATEST_MS = 100_000;

export class Evidence {
  /** By device and sequence. */
  readonly #transitions = new Map<string, Transition>();
  readonly #alerts = new Map<string, Alert>();

  /** Takes in what the store holds after a kill: nothing that was ever recorded may be recorded otherwise. */
  take(store: Store): void {
    for (let after: Transition | null = null; ; ) {
      const page: readonly Transition[] = store.transitionsAfter(after, 1000);
      for (const transition of page) {
        const key = `${transition.device}:${transition.sequence}`;
        assert.deepEqual(transition, this.#transitions.get(key) ?? transition, `${key} was recorded twice`);
        this.#transitions.set(key, transition);
      }
      after = page.at(-1) ?? null;
      if (after === null) break;
    }
    for (const alert of [...store.openAlerts(), ...store.resolvedAlerts(10_000)])
      this.#alerts.set(alert.id, alert);
  }

  of(device: string): Transition[] {
    return [...this.#transitions.values()]
      .filter((transition) => transition.device === device)
      .sort((a, b) => a.sequence - b.sequence);
  }

  /** Every transition once, each from where the one before led to, up to what the device's record says. */
  checkChains(store: Store): void {
    const devices = new Set([...this.#transitions.values()].map(({ device }) => device));
    const records = new Map([...store.devices()].map((record) => [record.device, record]));
    for (const device of devices) {
      const chain = this.of(device);
      assert.deepEqual(
        chain.map(({ sequence }) => sequence),
        chain.map((_, index) => index + 1),
        `${device}: a transition is missing`,
      );
      assert.deepEqual(
        chain.map(({ from }) => from),
        [null, ...chain.map(({ to }) => to).slice(0, -1)],
        device,
      );
      const record = records.get(device);
      if (record === undefined) continue;
      assert.deepEqual([record.sequence, record.state], [chain.length, chain.at(-1)?.to], device);
    }
  }

  /** One death for each outage of the world, within it, and no other. */
  checkDeaths(lived: Span): void {
    for (const device of DEVICES) {
      const outages = outagesOf(device, lived);
      const deaths = this.of(device).filter(({ to }) => to === 'dead');
      assert.equal(deaths.length, outages.length, `${device}: ${JSON.stringify({ outages, deaths })}`);
      for (const [index, { fromMs, toMs }] of outages.entries()) {
        const atMs = deaths[index]?.atMs ?? 0;
        assert.ok(atMs > fromMs && atMs < toMs, `${device} died at ${atMs}, silent ${fromMs} to ${toMs}`);
      }
    }
  }

  /** Every death and every return was told, by itself or by its incident, in order, and repeated under its key only. */
  checkTold(noted: readonly Noted[]): void {
    const deaths = [...this.#transitions.values()].filter(({ to }) => to === 'dead');
    assert.deepEqual(
      [...this.#alerts.keys()].sort(),
      deaths.map((it) => `${it.device}:${it.sequence}`).sort(),
    );
    const told = new Set(noted.map(({ id, event }) => `${id} ${event}`));
    for (const { id, quiet, incident, resolvedMs } of this.#alerts.values()) {
      const subject = quiet === true ? incident : id;
      assert.ok(told.has(`${subject} opened`), `nobody was told of ${id} (${subject})`);
      assert.ok(resolvedMs !== null && told.has(`${subject} resolved`), `${id} has not ended for people`);
    }
    const bodies = new Map<string, string>();
    const tellings = new Map<string, string>();
    for (const { key, event, id, body, atMs, sinceMs } of noted) {
      assert.ok(
        event === 'reminded' || atMs - sinceMs < LATEST_MS,
        `${key} was told ${atMs - sinceMs} ms late`,
      );
      assert.equal(body, bodies.get(key) ?? body, `${key} was told in two ways`);
      bodies.set(key, body);
      // A reminder has its number in its key.
      const telling = event === 'reminded' ? key : `${id} ${event}`;
      assert.equal(tellings.get(telling) ?? key, key, `${telling} has two keys`);
      tellings.set(telling, key);
    }
    checkOrder(noted);
  }
}

/** Of one subject nothing is told after what came later, not even again. */
function checkOrder(noted: readonly Noted[]): void {
  const last = new Map<string, number>();
  for (const { key, subject } of noted) {
    const [number = Number.NaN] =
      key
        .split(/:reminded:\d+$/)[0]
        ?.split(':')
        .slice(-1)
        .map(Number) ?? [];
    assert.ok(number >= (last.get(subject) ?? 0), `${key} was told after ${last.get(subject)}`);
    last.set(subject, number);
  }
}
