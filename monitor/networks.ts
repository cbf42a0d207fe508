/**
 * Fleet knowledge from ear to mouth: reports go into the table and the store, and what changed is told, retained,
 * one network at a time. What could not be told is told again when the link is back.
 */
import { encodeNetworkKnowledge, type NetworkReport } from '../protocol/network-knowledge.ts';
import { networkKnowledgeTopic } from '../protocol/topics.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPublisher } from './io/sinks/mqtt.ts';
import type { NetworkRecord } from './policy/network-knowledge.ts';
import type { NetworkRefusal, NetworkStep, NetworkTable } from './policy/network-table.ts';

const EMPTY = new Uint8Array();

export interface NetworksParts {
  readonly table: NetworkTable;
  readonly publisher: MqttPublisher;
  /** Brings it into the store; `kept` is called once it is durable. */
  readonly keep: (networks: readonly NetworkRecord[], forgotten: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class Networks {
  readonly #parts: NetworksParts;
  /** To be told once what they rest on is durable. */
  readonly #unkept = new Set<string>();
  /** To be told now. */
  readonly #due = new Set<string>();
  #telling = false;
  #linkUp = false;

  constructor(parts: NetworksParts) {
    this.#parts = parts;
  }

  /** Says why the report was not taken in, or null. */
  reportHeard(device: string, report: NetworkReport, retained: boolean): NetworkRefusal | null {
    const { table, clock, log } = this.#parts;
    const step = table.reportHeard(device, report, retained, clock.now().wallMs);
    this.#take(step);
    if (step.reason === 'stale-epoch' || step.reason === 'too-many-networks') return step.reason;
    log.write('debug', 'networkReported', `${device} on ${report.network}: ${step.reason}`, {
      device,
      network: report.network,
      reason: step.reason,
      survivesSeconds: report.summary?.survivesSeconds ?? null,
      forgetsSeconds: report.summary?.forgetsSeconds ?? null,
    });
    return null;
  }

  /** These are durable. */
  kept(networks: readonly string[]): void {
    for (const network of networks) if (this.#unkept.delete(network)) this.#due.add(network);
    this.#tell();
  }

  linkUp(): void {
    const { table, clock } = this.#parts;
    this.#linkUp = true;
    this.#take(table.tellAll(clock.now().wallMs));
  }

  linkLost(): void {
    this.#linkUp = false;
    // `linkUp` tells everything again.
    this.#due.clear();
  }

  /** Lets old reports lose weight. To be called about once a day. */
  age(): void {
    const { table, clock } = this.#parts;
    this.#take(table.advance(clock.now().wallMs));
  }

  #take({ saves, tells }: NetworkStep): void {
    const saved = new Set(saves.map(({ network }) => network));
    for (const network of tells) {
      if (saved.has(network)) this.#unkept.add(network);
      else if (!this.#unkept.has(network)) this.#due.add(network);
    }
    if (saves.length > 0) this.#parts.keep(saves, []);
    this.#tell();
  }

  #tell(): void {
    if (this.#telling || !this.#linkUp || this.#due.size === 0) return;
    this.#telling = true;
    this.#tellDue().finally(() => {
      this.#telling = false;
      // For what fell due in the meantime.
      this.#tell();
    });
  }

  async #tellDue(): Promise<void> {
    const { log } = this.#parts;
    let refused = 0;
    for (const network of this.#due) {
      this.#due.delete(network);
      try {
        await this.#publish(network);
      } catch (error) {
        // A broker that refuses one will refuse the others too; `linkUp` tells everything again.
        refused += 1;
        if (refused > 1 || !this.#linkUp) continue;
        const why = error instanceof Error ? error.message : String(error);
        log.write('warn', 'knowledgeUntold', `what is known of ${network} could not be told: ${why}`, {
          network,
        });
      }
    }
  }

  async #publish(network: string): Promise<void> {
    const { table, publisher, keep, log } = this.#parts;
    const knowledge = table.told(network);
    const payload = knowledge === null ? EMPTY : encodeNetworkKnowledge(knowledge);
    await publisher.publish(networkKnowledgeTopic(network), payload, { qos: 1, retain: true });
    log.write('debug', 'knowledgeTold', `${network}: ${knowledge === null ? 'taken away' : 'told'}`, {
      network,
      devices: knowledge?.devices ?? 0,
      weight: knowledge?.weight ?? 0,
      survivesSeconds: knowledge?.summary.survivesSeconds ?? null,
      forgetsSeconds: knowledge?.summary.forgetsSeconds ?? null,
    });
    if (knowledge === null && table.takenAway(network)) keep([], [network]);
  }
}
