/** Whom the feed tells what. */
import { configReportTopic, networkReportTopic } from '../protocol/topics.ts';
import type { FeedEvents } from './io/feed.ts';
import type { Refusals } from './io/refusals.ts';
import type { Joined } from './main.ts';
import type { Watch } from './policy/watch.ts';

/** `listeners` are there before the feed starts. */
export function feedEvents(
  watch: Watch,
  refusals: Refusals,
  listeners: () => Pick<Joined, 'monitor' | 'networks' | 'rollouts'>,
): FeedEvents {
  return {
    onLinkUp: () => {
      listeners().monitor.linkUp();
      listeners().networks.linkUp();
      listeners().rollouts.linkUp();
    },
    onLinkLost: () => {
      listeners().monitor.linkLost();
      listeners().networks.linkLost();
      listeners().rollouts.linkLost();
    },
    onProbeBytes: (bytes, at, now) => watch.probeTouched(bytes, at, now),
    onProbe: (device, probe) => listeners().monitor.probeHeard(device, probe),
    onStatus: (device, status, retained) => listeners().monitor.statusHeard(device, status, retained),
    onConfigurationReport: (device, report) => {
      const refusal = listeners().rollouts.reportHeard(device, report);
      if (refusal !== null) refusals.add(`configuration-${refusal}`, configReportTopic(device));
    },
    onNetworkReport: (device, report, retained) => {
      const refusal = listeners().networks.reportHeard(device, report, retained);
      if (refusal !== null) refusals.add(`network-${refusal}`, networkReportTopic(device));
    },
    onRefused: (reason, topic) => refusals.add(reason, topic),
    onCanary: (sequence) => listeners().monitor.canaryHeard(sequence),
  };
}
