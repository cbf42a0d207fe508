/** Which partition a device belongs to, and which replica should look after a partition. */

/** FNV-1a over the name (device names are ASCII), so that every replica and version agrees. */
export function partitionOf(device: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < device.length; at += 1) {
    hash = Math.imul(hash ^ device.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/**
 * Whether replica `self` is the one that should judge and deliver for `partition`, of `replicas` in any order.
 * Only a preference, so that work is spread: whoever holds the turn may do it, and commits are compared and set.
 */
export function isPreferred(partition: number, self: string, replicas: readonly string[]): boolean {
  const sorted = [...replicas].sort();
  return sorted[partition % Math.max(1, sorted.length)] === self;
}
