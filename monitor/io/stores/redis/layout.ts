/** What all monitors of a fleet must agree on before one of them writes: the format, and the number of partitions. */
import { CodedError } from '../../../../runtime/coded-error.ts';
import type { RedisClient } from './client.ts';
import { commonKeys } from './keys.ts';

const FORMAT = 1;

/**
 * Writes the layout if nobody has, else compares. Throws a CodedError `STORE_NEWER_FORMAT` or `STORE_PARTITIONS` that
 * says what to change.
 */
export async function agreeOnLayout(redis: RedisClient, prefix: string, partitions: number): Promise<void> {
  const { layout } = commonKeys(prefix);
  await redis.command('SET', [layout, `${FORMAT} ${partitions}`, 'NX']);
  const found = String(await redis.command('GET', [layout]));
  const [format, count] = found.split(' ').map(Number);
  if (format !== FORMAT) {
    const message = `Redis holds format ${format} at ${layout}, and this version reads ${FORMAT}; update the monitor`;
    throw new CodedError('STORE_NEWER_FORMAT', message);
  }
  if (count !== partitions) {
    const message =
      `store.redis.partitions is ${partitions}, and the fleet at prefix "${prefix}" is divided into ${count}; ` +
      `set it to ${count}, or choose another store.redis.prefix`;
    throw new CodedError('STORE_PARTITIONS', message);
  }
}
