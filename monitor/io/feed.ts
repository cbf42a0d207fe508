/**
 * The monitor's ear: one MQTT session, renewed as `policy/link-schedule.ts` decides. Probes are taken from its
 * bytes, other messages from MQTT.js.
 */
import type { Duplex } from 'node:stream';
import type { BrokerSettings } from '../../config/settings.ts';
import type { ProbeBytes } from '../../protocol/probe-scan.ts';
import { canaryTopic, PROBE_PREFIX, PROBE_SUFFIX } from '../../protocol/topics.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Log } from '../../runtime/log.ts';
import { openMqtt } from '../../runtime/mqtt-client.ts';
import type { MqttSession } from '../../runtime/mqtt-session.ts';
import { initialLink, type LinkEffect, type LinkEvent, linkStep } from '../policy/link-schedule.ts';
import type { Now } from '../policy/step.ts';
import type { Clock } from './clock.ts';
import {
  FILTERS,
  type Filter,
  OPTIONAL_FILTERS,
  type SharedListening,
  sharedFilters,
} from './feed-filters.ts';
import { type FleetEvents, hearMessage } from './fleet-messages.ts';
import { ProbeTap } from './probe-tap.ts';
import type { MqttPublisher } from './sinks/mqtt.ts';

/** The monitor has no energy to save, and its own link must be known to work. */
const KEEP_ALIVE_SECONDS = 15;

export interface FeedEvents extends FleetEvents {
  /** The broker has granted the subscriptions: from now on silence means something. */
  readonly onLinkUp: () => void;
  readonly onLinkLost: () => void;
  /** Takes a probe in from its bytes, or returns false: then `onProbe` or `onRefused` follows. */
  readonly onProbeBytes: (bytes: Uint8Array, at: ProbeBytes, now: Now) => boolean;
  /** What `sendCanary` sent came back through the broker. */
  readonly onCanary?: (sequence: number) => void;
  /** The answer to `ping`: all that the broker sent before it has been told. */
  readonly onPingAnswered?: () => void;
}

export interface FeedParts {
  readonly broker: BrokerSettings;
  readonly clientId: string;
  /** Whether the monitor listens to itself. */
  readonly canary?: boolean;
  /** Absent: the only monitor of its broker. Its owner pings. */
  readonly shared?: SharedListening;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Feed implements MqttPublisher {
  readonly #parts: FeedParts;
  readonly #events: FeedEvents;
  #link;
  #session: MqttSession | null = null;
  #mainFilters = FILTERS;
  /** Rejects what is published and not yet acknowledged when its session ends. */
  readonly #unacknowledged = new Set<(error: Error) => void>();
  #cancelTimer: () => void = () => {};
  #onClosed: () => void = () => {};
  readonly #canaryTopic: string;
  /** Tells the canaries of this run from those of one before it. */
  readonly #run: string;

  constructor(parts: FeedParts, events: FeedEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#canaryTopic = canaryTopic(parts.clientId);
    this.#run = Math.floor(parts.random() * 2 ** 32).toString(36);
    this.#link = initialLink(this.#settings, parts.clock.now().monotonicMs);
  }

  start(): void {
    this.#happened({ kind: 'timePassed' });
  }

  /** Says goodbye; resolves when the connection is closed, at the latest after `withinMs`. */
  stop(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const open = this.#session !== null;
      const cancel = this.#parts.clock.after(withinMs, () => {
        this.#session?.destroy();
        resolve();
      });
      this.#onClosed = () => {
        cancel();
        resolve();
      };
      this.#happened({ kind: 'stopped' });
      if (!open) this.#onClosed();
    });
  }

  /** Asks the broker for a sign of life; only with `shared`. */
  ping(): void {
    this.#session?.ping();
  }

  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const session = this.#session;
      if (session === null || this.#link.phase !== 'up') {
        reject(new CodedError('LINK_DOWN', 'the link to the broker is down'));
        return;
      }
      this.#unacknowledged.add(reject);
      session.publish(topic, payload, options, (error) => {
        this.#unacknowledged.delete(reject);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** To itself, at QoS 0 as the probes: what drops probes is to drop canaries too. */
  sendCanary(sequence: number): void {
    if (this.#link.phase !== 'up') return;
    const payload = new TextEncoder().encode(`${this.#run}:${sequence}`);
    this.#session?.publish(this.#canaryTopic, payload, { qos: 0 }, () => {});
  }

  get #filters(): readonly Filter[] {
    const canary: Filter = { topic: this.#canaryTopic, qos: 0 };
    return this.#parts.canary === true ? [...this.#mainFilters, canary] : this.#mainFilters;
  }

  get #settings() {
    const { protocol, connectTimeoutSeconds } = this.#parts.broker;
    return { protocol, answerTimeoutMs: connectTimeoutSeconds * 1000 };
  }

  #happened(event: LinkEvent): void {
    const { clock, random, log } = this.#parts;
    const nowMs = clock.now().monotonicMs;
    const before = this.#link.phase;
    const step = linkStep(this.#link, event, nowMs, this.#settings, random);
    this.#link = step.state;
    if (step.state.phase !== before) {
      const troubled = step.state.phase === 'waiting';
      const text = troubled ? `no link to the broker: ${step.reason}` : `link: ${step.state.phase}`;
      log.write(troubled ? 'warn' : 'debug', 'linkStep', text, {
        phase: step.state.phase,
        reason: step.reason,
        mqttVersion: step.state.version,
        failures: step.state.failures,
        retryInMs: step.wakeAtMs === null ? null : Math.round(step.wakeAtMs - nowMs),
      });
    }
    this.#cancelTimer();
    if (step.wakeAtMs !== null) {
      this.#cancelTimer = clock.after(Math.max(0, step.wakeAtMs - nowMs), () =>
        this.#happened({ kind: 'timePassed' }),
      );
    }
    for (const effect of step.effects) this.#carryOut(effect);
  }

  #carryOut(effect: LinkEffect): void {
    const { log, broker } = this.#parts;
    switch (effect.kind) {
      case 'connect':
        this.#connect(effect.version);
        break;
      case 'subscribe':
        this.#subscribe();
        break;
      case 'announceUp':
        log.write('info', 'linkUp', 'listening to the fleet', {
          mqttVersion: this.#link.version,
          broker: new URL(broker.url).host,
        });
        this.#events.onLinkUp();
        break;
      case 'announceLost':
        this.#events.onLinkLost();
        break;
      case 'destroy':
        this.#session?.destroy();
        break;
      case 'disconnect':
        this.#session?.disconnect();
        break;
    }
  }

  #connect(version: 4 | 5): void {
    const { broker, clientId, shared } = this.#parts;
    // A session that was given up may still speak; only the newest is listened to.
    const isNewest = (): boolean => this.#session === session;
    const ofThis = (happened: () => void): void => {
      if (isNewest()) happened();
    };
    const session = openMqtt(
      {
        broker,
        clientId,
        protocolVersion: version,
        keepAliveSeconds: shared?.keepAliveSeconds ?? KEEP_ALIVE_SECONDS,
        ownPings: shared === undefined,
        role: 'monitor',
        connectTimeoutMs: broker.connectTimeoutSeconds * 1000,
        tap: (socket) => this.#tap(socket, version, isNewest),
      },
      {
        onUp: ({ sharedSubscriptions }) =>
          ofThis(() => {
            if (shared) this.#mainFilters = sharedSubscriptions ? sharedFilters(shared.group) : FILTERS;
            this.#happened({ kind: 'accepted' });
          }),
        onConnectFailed: (failure) => ofThis(() => this.#closed({ kind: 'connectFailed', failure })),
        onClosed: (cause, detail) =>
          ofThis(() => this.#closed({ kind: 'closed', detail: `${cause}: ${detail}` })),
        onMessage: (topic, payload, retained) => ofThis(() => this.#message(topic, payload, retained)),
        ...(shared !== undefined && {
          onPacket: (kind) => ofThis(() => kind === 'pingresp' && this.#events.onPingAnswered?.()),
        }),
      },
    );
    this.#session = session;
  }

  /** Probes come this way, all else by MQTT.js. What one read brings came at one moment. */
  #tap(socket: Duplex, version: 4 | 5, isNewest: () => boolean): ProbeTap {
    let now = this.#parts.clock.now();
    return new ProbeTap(socket, version, this.#parts.clock, {
      onChunk: () => {
        now = this.#parts.clock.now();
      },
      onProbe: (bytes, at) => {
        if (!isNewest() || (!at.retained && this.#events.onProbeBytes(bytes, at, now))) return;
        const topic = text(bytes, at.nameStart - PROBE_PREFIX.length, at.nameEnd + PROBE_SUFFIX.length);
        const payload = bytes.slice(at.payloadStart, at.payloadEnd);
        this.#message(topic, payload, at.retained);
      },
    });
  }

  #subscribe(): void {
    const session = this.#session;
    session?.subscribe(this.#filters, (error) => {
      if (this.#session !== session) return;
      if (error === null) {
        this.#happened({ kind: 'subscribed' });
        this.#subscribeOptional();
        return;
      }
      const detail = `the broker does not let the monitor subscribe: ${error.message}`;
      this.#parts.log.write('error', 'subscribeRefused', detail, {
        filters: this.#filters.map(({ topic }) => topic),
      });
      this.#happened({ kind: 'subscribeRefused', detail });
    });
  }

  /** Not part of the link's health: who may not hear reports can still watch over the fleet. */
  #subscribeOptional(): void {
    const session = this.#session;
    session?.subscribe(OPTIONAL_FILTERS, (error) => {
      if (error === null || this.#session !== session) return;
      const detail = `no fleet knowledge: the broker does not let the monitor subscribe: ${error.message}`;
      this.#parts.log.write('warn', 'subscribeRefused', detail, {
        filters: OPTIONAL_FILTERS.map(({ topic }) => topic),
      });
    });
  }

  #closed(event: LinkEvent): void {
    this.#session = null;
    for (const reject of this.#unacknowledged) reject(new CodedError('LINK_LOST', 'the link was lost'));
    this.#unacknowledged.clear();
    this.#happened(event);
    this.#onClosed();
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    if (topic === this.#canaryTopic) this.#canary(payload, retained);
    else hearMessage(topic, payload, retained, this.#events);
  }

  #canary(payload: Uint8Array, retained: boolean): void {
    const [run, sequence] = new TextDecoder().decode(payload).split(':');
    if (!retained && run === this.#run) this.#events.onCanary?.(Number(sequence));
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}
