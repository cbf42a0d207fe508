/** The bare minimum of a device: publishes what it is told, reconnects when it is cut off. */
import { encodeProbe } from '../../../protocol/probe.ts';
import { encodeStatus, type Status } from '../../../protocol/status.ts';
import { probeTopic, statusTopic } from '../../../protocol/topics.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { MqttSession } from '../../../runtime/mqtt-session.ts';
import { waitFor } from './wait.ts';

const RECONNECT_MS = 200;

export class FakeDevice {
  readonly name: string;
  readonly #url: string;
  #session: MqttSession | null = null;
  #up = false;
  #gone = false;
  #probing: NodeJS.Timeout | null = null;
  /** Messages that came in, by topic. */
  readonly heard = new Map<string, string>();
  readonly #listensTo: readonly string[];

  constructor(name: string, url: string, listensTo: readonly string[] = []) {
    this.name = name;
    this.#url = url;
    this.#listensTo = listensTo;
  }

  async connect(): Promise<void> {
    this.#open();
    await waitFor(`${this.name} to connect`, 10_000, () => this.#up);
  }

  /** Resolves when the broker has it. */
  async probe(promisedSeconds: number): Promise<void> {
    const probe = { promisedSeconds, repeat: false, externalPower: false, vitals: null };
    await this.publish(probeTopic(this.name), encodeProbe(probe));
  }

  /** Publishes a probe now and every `everyMs`. */
  keepProbing(promisedSeconds: number, everyMs: number): void {
    const probe = (): void => {
      // Cut off: the next one, after the reconnect, will do.
      if (this.#up) this.probe(promisedSeconds).catch(() => {});
    };
    probe();
    this.#probing = setInterval(probe, everyMs);
  }

  async status(state: Status['state'], epoch: number, fields: Partial<Status> = {}): Promise<void> {
    const status: Status = {
      state,
      epoch,
      intervalSeconds: 1,
      count: 3,
      reason: 'test',
      agentVersion: '0.0.0',
      network: null,
      groups: [],
      configurationVersion: null,
      counters: { probes: 0, reconnects: 0, lapses: 0 },
      ...fields,
    };
    await this.publish(statusTopic(this.name), encodeStatus(status), true);
  }

  publish(topic: string, payload: Uint8Array, retain = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#session?.publish(topic, payload, { qos: 1, retain }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  /** Falls silent for good, without a word. */
  vanish(): void {
    this.#gone = true;
    if (this.#probing !== null) clearInterval(this.#probing);
    this.#session?.destroy();
  }

  #open(): void {
    if (this.#gone) return;
    const again = (): void => {
      this.#up = false;
      if (!this.#gone) setTimeout(() => this.#open(), RECONNECT_MS);
    };
    this.#session = openMqtt(
      {
        broker: { url: this.#url, protocol: '5', connectTimeoutSeconds: 5 },
        clientId: `device-${this.name}`,
        protocolVersion: 5,
        keepAliveSeconds: 60,
        ownPings: false,
        connectTimeoutMs: 5000,
      },
      {
        onUp: () => {
          this.#up = true;
          const filters = this.#listensTo.map((topic) => ({ topic, qos: 1 as const }));
          if (filters.length > 0) this.#session?.subscribe(filters, () => {});
        },
        onConnectFailed: again,
        onClosed: again,
        onMessage: (topic, payload) => void this.heard.set(topic, new TextDecoder().decode(payload)),
      },
    );
  }
}
