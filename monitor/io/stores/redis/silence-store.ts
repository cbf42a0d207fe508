/**
 * The silences of the API, which all monitors share: a hash, and beside it a version that is another after each
 * change. The version is random: after a failover that lost a change none comes twice with other contents.
 */
import { randomUUID } from 'node:crypto';
import type { Silence } from '../../../policy/silence.ts';
import { parseSilence } from '../notice-records.ts';
import type { RedisClient } from './client.ts';
import { commonKeys } from './keys.ts';

/** How long a change waits for copies: who asked is answered all the same. */
const WAIT_MS = 1000;

/** KEYS: silences, their version. ARGV: new version, id, its text. */
const PUT_SCRIPT = `
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('SET', KEYS[2], ARGV[1])
return 1
`;

/** KEYS: silences, their version. ARGV: new version, id, ms by this server's clock before which it stays ('' none). */
const REMOVE_SCRIPT = `
if ARGV[3] ~= '' and redis.call('TIME')[1] * 1000 < tonumber(ARGV[3]) then return 0 end
if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
return 1
`;

export const PUT_SILENCE = { name: 'khdPutSilence', lua: PUT_SCRIPT } as const;
export const REMOVE_SILENCE = { name: 'khdRemoveSilence', lua: REMOVE_SCRIPT } as const;
export const SILENCE_SCRIPTS = [PUT_SILENCE, REMOVE_SILENCE];

export interface SilenceList {
  readonly version: string;
  readonly silences: readonly Silence[];
}

export class SilenceStore {
  readonly #redis: RedisClient;
  readonly #deliveryClient: RedisClient;
  readonly #keys: readonly [silences: string, version: string];
  readonly #waitReplicas: number;
  readonly #onDamaged: (table: string, key: string) => void;

  /** `deliveryClient`: its own connections, which wait for copies. */
  constructor(
    clients: { readonly client: RedisClient; readonly deliveryClient: RedisClient },
    { prefix, waitReplicas }: { readonly prefix: string; readonly waitReplicas: number },
    onDamaged: (table: string, key: string) => void,
  ) {
    const { silences, silencesVersion } = commonKeys(prefix);
    this.#redis = clients.client;
    this.#deliveryClient = clients.deliveryClient;
    this.#keys = [silences, silencesVersion];
    this.#waitReplicas = waitReplicas;
    this.#onDamaged = onDamaged;
  }

  /** '' before the first change. */
  async version(): Promise<string> {
    return ((await this.#redis.command('GET', [this.#keys[1]])) as string | null) ?? '';
  }

  /** The list is at least as new as the version that comes with it. */
  async list(): Promise<SilenceList> {
    const [silences, version] = this.#keys;
    const [found, flat] = (await this.#redis.sequence([
      ['GET', version],
      ['HGETALL', silences],
    ])) as [string | null, string[]];
    const read = flat.flatMap((id, at) => (at % 2 === 0 ? this.#read(id, flat[at + 1] ?? '') : []));
    return { version: found ?? '', silences: read };
  }

  /** Resolves when it is written, and copied where copies are asked for and there are any. */
  async put(silence: Silence): Promise<void> {
    const args = [randomUUID(), silence.id, JSON.stringify(silence)];
    await this.#deliveryClient.script(PUT_SILENCE, this.#keys, args);
    await this.#copied();
  }

  /** False: it was not there any more. */
  async remove(id: string): Promise<boolean> {
    const isGone = await this.#deliveryClient.script(REMOVE_SILENCE, this.#keys, [randomUUID(), id, '']);
    await this.#copied();
    return isGone === 1;
  }

  /** Takes away what is over, but not before `notBeforeMs` by the server's clock; says whether it did. */
  async forget(id: string, notBeforeMs: number): Promise<boolean> {
    return (await this.#redis.script(REMOVE_SILENCE, this.#keys, [randomUUID(), id, notBeforeMs])) === 1;
  }

  async #copied(): Promise<void> {
    if (this.#waitReplicas === 0) return;
    // The key leads to the server that was written to, over the same connection.
    await this.#deliveryClient.sequence([
      ['GET', this.#keys[1]],
      ['WAIT', this.#waitReplicas, WAIT_MS],
    ]);
  }

  #read(id: string, text: string): Silence[] {
    const silence = parseSilence(text);
    if (silence === null) this.#onDamaged('silences', id);
    return silence === null ? [] : [silence];
  }
}
