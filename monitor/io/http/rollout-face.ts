/** What the API needs of the part that rolls documents out. */
import type { Rollouts } from '../../rollouts.ts';

export interface RolloutFace {
  readonly rollouts: Pick<Rollouts, 'book' | 'start' | 'halt' | 'resume'>;
  /** Empty: signatures are left to the devices. */
  readonly trustedKeys: readonly string[];
}
