/** Watches the world several times a second, keeps the chronicle and tells the news. */
import { CAST } from './cast.ts';
import { type Chronicle, observe, type Sight } from './chronicle.ts';
import {
  countOpenAlerts,
  type DeviceRow,
  getJson,
  parseDevices,
  parseTransitions,
  type TransitionRow,
} from './devices-api.ts';
import type { Paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { renderTable } from './view.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 200;

export const DEVICES: readonly string[] = CAST.map(({ device }) => device);
export const IDLE_SECONDS: ReadonlyMap<string, number> = new Map(
  CAST.map(({ device, pathIdleSeconds }) => [device, pathIdleSeconds]),
);

export const BASE_SECONDS: ReadonlyMap<string, number> = new Map(
  CAST.map(({ device, baseIntervalSeconds }) => [device, baseIntervalSeconds]),
);

export class Stage {
  readonly world: World;
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #startedMs = Date.now();
  #chronicle: Chronicle = new Map();
  #openAlerts = 0;
  #isMonitorDown = true;
  #failure: Error | null = null;
  #isOver = false;

  constructor(world: World, screen: Screen, paint: Paint) {
    this.world = world;
    this.#screen = screen;
    this.#paint = paint;
  }

  get chronicle(): Chronicle {
    return this.#chronicle;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** A part ended by itself, or said what cannot be understood. */
  get isBroken(): boolean {
    return this.#failure !== null;
  }

  /** The device as the monitor showed it last; null when it never did. */
  row(device: string): DeviceRow | null {
    return this.#chronicle.get(device)?.sight.row ?? null;
  }

  /** A line of news, dated from the start of the demo. */
  say(line: string): void {
    const seconds = ((Date.now() - this.#startedMs) / 1000).toFixed(1).padStart(6);
    this.#screen.say(`${this.#paint('dim', `${seconds} s`)}  ${line}`);
  }

  heading(line: string): void {
    this.say(this.#paint('bold', line));
  }

  snapshot(): void {
    this.#screen.snapshot(this.#table());
  }

  /** Makes whoever waits fail: a part of the world broke. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Looks until `end`; never throws. */
  async watch(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#look();
        this.#screen.refresh(this.#table());
      } catch (error) {
        this.fail(error as Error);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /**
   * Waits until `missing` returns null. Throws with what was missing after `seconds`, or when a part broke.
   */
  async until(missing: () => string | null | Promise<string | null>, seconds: number): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#isOver) throw new Error('stopped');
      const what = await missing();
      if (what === null) return;
      if (performance.now() >= deadline) throw new Error(`waited ${seconds} s in vain: ${what}`);
      await pause(LOOK_EVERY_MS / 2);
    }
  }

  /** Lets `seconds` pass, and throws as soon as `wrong` returns something. */
  async hold(wrong: () => string | null, seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    await this.until(() => {
      const what = wrong();
      if (what !== null) throw new Error(what);
      return performance.now() >= end ? null : 'time';
    }, seconds + 1);
  }

  transitions(device: string): Promise<readonly TransitionRow[]> {
    return getJson(this.world.monitorUrl, `/api/devices/${device}`).then(parseTransitions);
  }

  async #look(): Promise<void> {
    let rows: readonly DeviceRow[] | null = null;
    try {
      const url = this.world.monitorUrl;
      const [devices, alerts] = await Promise.all([
        getJson(url, '/api/devices'),
        getJson(url, '/api/alerts'),
      ]);
      rows = parseDevices(devices);
      this.#openAlerts = countOpenAlerts(alerts);
      if (this.#isMonitorDown) this.say('monitor and broker: running');
      this.#isMonitorDown = false;
    } catch (error) {
      this.#isMonitorDown = true;
      // Refused while it starts or is down; an answer that cannot be read is a fault.
      if (!(error instanceof TypeError) && !isTimeout(error)) this.fail(error as Error);
    }
    const sights = DEVICES.map((device): Sight => {
      const path = this.world.paths.get(device);
      if (path === undefined) throw new Error(`no path for ${device}`);
      const row = rows?.find((one) => one.device === device) ?? this.row(device);
      return { device, row, path: path.facts() };
    });
    const { chronicle, news } = observe(this.#chronicle, sights, IDLE_SECONDS);
    this.#chronicle = chronicle;
    for (const line of news) this.say(line);
  }

  #table(): readonly string[] {
    const model = {
      histories: [...this.#chronicle.values()],
      idleSeconds: IDLE_SECONDS,
      isMonitorDown: this.#isMonitorDown,
      openAlerts: this.#openAlerts,
      nowMs: Date.now(),
      columns: this.#screen.columns,
    };
    return renderTable(model, this.#paint);
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
