/** Each reason for doubt in words for people. */
import type { DoubtReason } from './attentive-clock.ts';

export const DOUBT_WORDS: Readonly<Record<DoubtReason, string>> = {
  starting: 'the monitor has just started',
  'link-lost': 'its link to the broker is lost',
  'canary-missing':
    'its own canary does not come back: the broker forwards nothing, is far too slow, or does not allow the ' +
    'monitor to publish and read khd/1/monitor/NAME/canary',
  stalled: 'the monitor stood still',
  overloaded: 'it cannot keep up with what it has to do, and may miss probes',
  suspended: 'the machine slept',
  'clock-jumped': 'the wall clock jumped',
  'store-failing': 'the store does not take commits',
  'replica-silent': 'another monitor does not say what it has heard, and is waited for',
};
