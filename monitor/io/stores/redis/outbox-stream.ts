/**
 * What sinks are owed, as streams with a consumer group: a stream for each sink and partition. Who has a partition's
 * turn reads it; what another replica had taken and not settled is taken over. A settled entry is acknowledged and
 * taken out, so the stream holds exactly what is owed. To the outbox it looks like any store.
 */
import type { Log } from '../../../../runtime/log.ts';
import type { OutboxMessage } from '../../../policy/device.ts';
import { parseMessage } from '../notice-records.ts';
import type { RedisArgument, RedisClient } from './client.ts';
import type { PartitionKeys } from './keys.ts';

const GROUP = 'deliver';
/** Entries read at a time, and how many wait here at most for each partition and sink. */
const READ = 100;
/** How long a delivery is held back for copies that do not come: late is better than never. */
const WAIT_MS = 1000;

type Entry = readonly [id: string, fields: readonly string[]];

interface Taken {
  readonly partition: number;
  readonly entry: string;
  readonly message: OutboxMessage;
}

/** One partition and sink. */
interface Source {
  /** Whether all that was taken before, and not settled, is here. */
  isTakenOver: boolean;
  isReading: boolean;
  readonly entries: Set<string>;
}

export interface OutboxStreamParts {
  /** Its own connections: it waits, and nobody else must wait behind it. */
  readonly redis: RedisClient;
  readonly keys: readonly Pick<PartitionKeys, 'outbox'>[];
  readonly sinks: readonly string[];
  /** Names the consumer. */
  readonly replica: string;
  readonly waitReplicas: number;
  readonly log: Log;
  /** Something has come in. */
  readonly onOwed: () => void;
}

export class OutboxStream {
  readonly #parts: OutboxStreamParts;
  readonly #queues = new Map<string, Taken[]>();
  readonly #sources = new Map<string, Source>();
  #nextId = 1;
  #isDegraded = false;

  constructor(parts: OutboxStreamParts) {
    this.#parts = parts;
    for (const sink of parts.sinks) this.#queues.set(sink, []);
  }

  /** After each tick: reads what is owed while the turn is ours, forgets it when it is not. */
  serve(partition: number, hasTurn: boolean, owed: readonly number[]): void {
    for (const [at, sink] of this.#parts.sinks.entries()) {
      const source = this.#source(partition, sink);
      if (!hasTurn) this.#letGo(partition, sink, source);
      else if ((owed[at] ?? 0) > source.entries.size && source.entries.size < READ && !source.isReading) {
        void this.#read(partition, sink, source);
      }
    }
  }

  /** What this replica has taken and not delivered; ids are its own. */
  pending(sink: string, limit: number, afterId = 0): readonly OutboxMessage[] {
    const messages = (this.#queues.get(sink) ?? []).map(({ message }) => message);
    return messages.filter(({ id }) => id > afterId).slice(0, limit);
  }

  pendingCount(sink: string): number {
    return this.#queues.get(sink)?.length ?? 0;
  }

  /**
   * Of `messages` those that this replica does not have any more: its turn went to another, which may have told the
   * end of an alert already. Redis is asked, since this process may have slept through that.
   */
  async goneOf(messages: readonly OutboxMessage[]): Promise<readonly OutboxMessage[]> {
    const owed = await Promise.all(messages.map((message) => this.#isOwed(message)));
    return messages.filter((_message, at) => !owed[at]);
  }

  async settle(message: OutboxMessage): Promise<void> {
    const queue = this.#queues.get(message.sink) ?? [];
    const taken = queue.find(({ message: { id } }) => id === message.id);
    // The turn went to another replica meanwhile: it will deliver it again, under the same key.
    if (taken === undefined) return;
    const key = this.#key(taken.partition, message.sink);
    await this.#parts.redis.sequence([
      ['XACK', key, GROUP, taken.entry],
      ['XDEL', key, taken.entry],
    ]);
    this.#drop(message.sink, taken);
  }

  async #isOwed({ id, sink }: OutboxMessage): Promise<boolean> {
    const taken = (this.#queues.get(sink) ?? []).find(({ message }) => message.id === id);
    if (taken === undefined) return false;
    const { redis, replica } = this.#parts;
    const asked = [this.#key(taken.partition, sink), GROUP, taken.entry, taken.entry, 1, replica];
    const found = (await redis.command('XPENDING', asked)) as unknown[] | null;
    if (found !== null && found.length > 0) return true;
    // Should the turn be ours again, it is looked for anew.
    this.#source(taken.partition, sink).isTakenOver = false;
    this.#drop(sink, taken);
    return false;
  }

  #source(partition: number, sink: string): Source {
    const name = `${partition} ${sink}`;
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { isTakenOver: false, isReading: false, entries: new Set() };
      this.#sources.set(name, source);
    }
    return source;
  }

  #letGo(partition: number, sink: string, source: Source): void {
    source.isTakenOver = false;
    if (source.entries.size === 0) return;
    const queue = this.#queues.get(sink) ?? [];
    this.#queues.set(
      sink,
      queue.filter((taken) => taken.partition !== partition),
    );
    source.entries.clear();
  }

  #drop(sink: string, taken: Taken): void {
    this.#source(taken.partition, sink).entries.delete(taken.entry);
    const queue = this.#queues.get(sink) ?? [];
    this.#queues.set(
      sink,
      queue.filter((other) => other !== taken),
    );
  }

  async #read(partition: number, sink: string, source: Source): Promise<void> {
    source.isReading = true;
    const key = this.#key(partition, sink);
    try {
      const before = source.isTakenOver ? [] : await this.#takeOver(key, source);
      // The newer wait until all that was taken before is here: each device's messages keep their order.
      const entries = source.isTakenOver ? [...before, ...(await this.#newEntries(key))] : before;
      for (const [entry, fields] of entries) await this.#take(partition, sink, source, entry, fields);
      if (entries.length > 0) this.#parts.onOwed();
    } catch (error) {
      // Redis may have noted entries as taken whose names never came: they are claimed at the next look.
      source.isTakenOver = false;
      const message = error instanceof Error ? error.message : String(error);
      if (message.includes('NOGROUP')) await this.#createGroup(key).catch(() => {});
      else this.#parts.log.write('debug', 'outboxUnread', `${key}: ${message}`);
    } finally {
      source.isReading = false;
    }
  }

  /** Without the group the stream was never read: everything in it is new. */
  async #createGroup(key: string): Promise<void> {
    await this.#parts.redis.command('XGROUP', ['CREATE', key, GROUP, '0', 'MKSTREAM']);
  }

  /** What was taken and not settled, by whomever; the oldest of it when it is more than fits. */
  async #takeOver(key: string, source: Source): Promise<readonly Entry[]> {
    const found: Entry[] = [];
    let cursor = '0-0';
    do {
      const claim = [key, GROUP, this.#parts.replica, 0, cursor, 'COUNT', READ];
      const [next, entries] = (await this.#written(['XAUTOCLAIM', ...claim])) as [string, Entry[]];
      found.push(...entries);
      cursor = next;
    } while (cursor !== '0-0' && found.length < READ);
    source.isTakenOver = cursor === '0-0';
    return found;
  }

  async #newEntries(key: string): Promise<readonly Entry[]> {
    const read = ['GROUP', GROUP, this.#parts.replica, 'COUNT', READ, 'STREAMS', key, '>'] as const;
    const answer = (await this.#written(['XREADGROUP', ...read])) as [string, Entry[]][] | null;
    return answer?.[0]?.[1] ?? [];
  }

  /**
   * Carries out a reading (which writes who has taken what) and waits until copies of the server have that too, and
   * so everything before it: the alert and its transition. A failover then cannot lose what was delivered.
   */
  async #written(command: readonly [string, ...RedisArgument[]]): Promise<unknown> {
    const { redis, waitReplicas, log } = this.#parts;
    if (waitReplicas === 0) return redis.command(command[0], command.slice(1));
    const [answer, copies] = await redis.sequence([command, ['WAIT', waitReplicas, WAIT_MS]]);
    const isDegraded = Number(copies) < waitReplicas;
    if (isDegraded && !this.#isDegraded) {
      log.write(
        'warn',
        'copiesMissing',
        `alerts are delivered with ${copies} of ${waitReplicas} copies made`,
      );
    }
    this.#isDegraded = isDegraded;
    return answer;
  }

  async #take(
    partition: number,
    sink: string,
    source: Source,
    entry: string,
    fields: readonly string[] | null,
  ): Promise<void> {
    if (source.entries.has(entry)) return;
    const id = this.#nextId++;
    const message = readMessage(fields?.[1], id);
    if (message === null) {
      // It cannot be delivered and would be met at every look.
      this.#parts.log.write('error', 'recordDamaged', `a damaged record was left out: outbox ${entry}`, {
        entry,
      });
      await this.#parts.redis.sequence([
        ['XACK', this.#key(partition, sink), GROUP, entry],
        ['XDEL', this.#key(partition, sink), entry],
      ]);
      return;
    }
    source.entries.add(entry);
    this.#queues.get(sink)?.push({ partition, entry, message });
  }

  #key(partition: number, sink: string): string {
    return this.#parts.keys[partition]?.outbox(sink) ?? '';
  }
}

function readMessage(text: string | undefined, id: number): OutboxMessage | null {
  try {
    return parseMessage(JSON.stringify({ ...JSON.parse(text ?? ''), id }));
  } catch {
    return null;
  }
}
