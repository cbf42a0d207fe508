/**
 * The one objective: what an interval costs per second. Everything that the agent weighs is a term of it.
 *
 *     J(T) = [ probe + P(U ≤ T)·(reconnect + expiryPrice·(E[T − U | U ≤ T] + recover)) ] / T
 *            + h·( reconnect + price·(T/2 + recover) )
 *
 * U is the path's idle timeout, h the rate of other losses. J is linear in the belief: what a probe may teach
 * can then never look worse than not knowing. Costs are in units of one probe on a good signal,
 * so that a policy means the same on every radio.
 */

export interface IntervalCosts {
  /** Cost of one probe; 1 on a good signal. */
  readonly probe: number;
  /** Cost of finding a connection dead and opening a new one, beyond the probe that found it. */
  readonly reconnect: number;
  /** Price of a second in which the cloud cannot reach the device. */
  readonly unreachablePerSecond: number;
  /** The same when the path forgot; at least so much that keeping the path open always wins. */
  readonly expiryPerSecond: number;
  /** From the unanswered probe to the new connection, in seconds. */
  readonly recoverSeconds: number;
  /** Rate of losses that have nothing to do with idle time, per second. */
  readonly lossesPerSecond: number;
}

/**
 * J(T), in probes per second, for an interval of `seconds` that is too long with probability
 * `forgetProbability`, when `forgottenSeconds` = E[U; U ≤ T] (the part of the mean below T).
 */
export function costPerSecond(
  costs: IntervalCosts,
  seconds: number,
  forgetProbability: number,
  forgottenSeconds: number,
): number {
  const { probe, reconnect, unreachablePerSecond, expiryPerSecond, recoverSeconds, lossesPerSecond } = costs;
  const unreachable = forgetProbability * (seconds + recoverSeconds) - forgottenSeconds;
  const idle = probe + forgetProbability * reconnect + expiryPerSecond * unreachable;
  return (
    idle / seconds + lossesPerSecond * (reconnect + unreachablePerSecond * (seconds / 2 + recoverSeconds))
  );
}
