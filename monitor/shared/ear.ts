/** The monitor's connection to the broker, opened and given up as often as need be; sinks publish through it. */
import { CodedError } from '../../runtime/coded-error.ts';
import type { Feed } from '../io/feed.ts';
import type { MqttPublisher } from '../io/sinks/mqtt.ts';

export class Ear implements MqttPublisher {
  readonly #open: () => Feed;
  readonly #goodbyeMs: number;
  #feed: Feed | null = null;

  /** `open` makes a feed that is not started. */
  constructor(open: () => Feed, goodbyeMs: number) {
    this.#open = open;
    this.#goodbyeMs = goodbyeMs;
  }

  start(): void {
    if (this.#feed !== null) return;
    this.#feed = this.#open();
    this.#feed.start();
  }

  /** Resolves when the connection is closed. */
  async stop(): Promise<void> {
    const feed = this.#feed;
    this.#feed = null;
    await feed?.stop(this.#goodbyeMs);
  }

  /** Asks the broker for a sign of life. */
  ping(): void {
    this.#feed?.ping();
  }

  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
  ): Promise<void> {
    if (this.#feed === null)
      return Promise.reject(new CodedError('LINK_DOWN', 'the link to the broker is down'));
    return this.#feed.publish(topic, payload, options);
  }
}
