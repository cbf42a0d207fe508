/** What all monitors of a fleet must agree on before one of them writes: the format, and the number of partitions. */
import { CodedError } from '../../../../runtime/coded-error.ts';
import { fieldsOf } from '../../../shared/policy/move.ts';
import type { RedisClient } from './client.ts';
import { scanHash } from './hash-scan.ts';
import { commonKeys, partitionKeys } from './keys.ts';
import { parseRecordText } from './record-text.ts';

/** 2: names are kept in order, too. 3: who is present and late is counted. */
const FORMAT = 3;
const SCAN = 1000;

/**
 * Writes the layout if nobody has, else compares. Throws a CodedError `STORE_NEWER_FORMAT` or `STORE_PARTITIONS` that
 * says what to change.
 */
export async function agreeOnLayout(redis: RedisClient, prefix: string, partitions: number): Promise<void> {
  const { layout } = commonKeys(prefix);
  await redis.command('SET', [layout, `${FORMAT} ${partitions}`, 'NX']);
  let found = String(await redis.command('GET', [layout]));
  if (found === `1 ${partitions}` || found === `2 ${partitions}`) {
    for (let partition = 0; partition < partitions; partition += 1) {
      if (found.startsWith('1')) await orderNames(redis, prefix, partition);
      await countPlaces(redis, prefix, partition);
    }
    found = `${FORMAT} ${partitions}`;
    await redis.command('SET', [layout, found]);
  }
  const [format = '', count = ''] = found.split(' ');
  if (format !== String(FORMAT)) {
    const message = `Redis holds format ${format} at ${layout}, and this version reads ${FORMAT}; update the monitor, or choose another store.redis.prefix`;
    throw new CodedError('STORE_NEWER_FORMAT', message);
  }
  if (count !== String(partitions)) {
    const message =
      `store.redis.partitions is ${partitions}, and the fleet at prefix "${prefix}" is divided into ${count}; ` +
      `set it to ${count}, or choose another store.redis.prefix`;
    throw new CodedError('STORE_PARTITIONS', message);
  }
}

/** Done again it changes nothing. */
async function orderNames(redis: RedisClient, prefix: string, partition: number): Promise<void> {
  const { devices, names } = partitionKeys(prefix, partition);
  let cursor = '0';
  do {
    const scan = [devices, cursor, 'COUNT', SCAN];
    const [next, fields] = (await redis.command('HSCAN', scan)) as [string, string[]];
    const found = fields.filter((_field, at) => at % 2 === 0);
    if (found.length > 0) await redis.command('ZADD', [names, ...found.flatMap((name) => [0, name])]);
    cursor = next;
  } while (cursor !== '0');
}

/** Written whole, so that done again it changes nothing; who moves meanwhile is counted wrong by one. */
async function countPlaces(redis: RedisClient, prefix: string, partition: number): Promise<void> {
  const { devices, counts } = partitionKeys(prefix, partition);
  const found = new Map<string, number>();
  for (const text of (await scanHash(redis, devices)).values()) {
    const { record } = parseRecordText(text);
    for (const field of record === null ? [] : fieldsOf(record))
      found.set(field, (found.get(field) ?? 0) + 1);
  }
  await redis.command('DEL', [counts]);
  if (found.size > 0) await redis.command('HSET', [counts, ...[...found].flat()]);
}
