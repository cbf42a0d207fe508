/** A large hash, read piece by piece. */
import type { RedisClient } from './client.ts';

const SCAN = 500;

/** Every field that is there all the while, once; of those that change meanwhile either state. */
export async function scanHash(redis: RedisClient, key: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let cursor = '0';
  do {
    const scan = [key, cursor, 'COUNT', SCAN];
    const [next, fields] = (await redis.command('HSCAN', scan)) as [string, string[]];
    for (let at = 0; at < fields.length; at += 2) found.set(fields[at] as string, fields[at + 1] as string);
    cursor = next;
  } while (cursor !== '0');
  return found;
}
