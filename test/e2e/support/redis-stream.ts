/** What stands in the shared store's streams of transitions. */
import type { RedisServer } from './redis.ts';

/** The device of every transition to `dead`, as often as it is there. */
export function deathsIn(nodes: readonly RedisServer[], partitions: number, prefix = 'khd'): string[] {
  const deaths: string[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const key = `{${prefix}:${partition}}:transitions`;
    for (const line of read(nodes, key).split('\n')) {
      // Of each entry's fields only the transition is JSON.
      if (!line.startsWith('{')) continue;
      const { device, to } = JSON.parse(line) as { device: string; to: string };
      if (to === 'dead') deaths.push(device);
    }
  }
  return deaths;
}

/** Asks whoever answers; `-c` follows to the master of the slot. */
function read(nodes: readonly RedisServer[], key: string): string {
  for (const node of nodes) {
    try {
      const answer = node.cli('-c', 'xrange', key, '-', '+');
      if (!/^(?:ERR|CLUSTERDOWN|MOVED|LOADING|\(error\))/.test(answer)) return answer;
    } catch {
      // Killed: the next one knows.
    }
  }
  return '';
}
