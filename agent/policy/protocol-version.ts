/** Which MQTT version to speak next: 5 where the broker knows it, 3.1.1 otherwise. */
import type { BrokerSettings } from '../../config/settings.ts';
import type { ConnectFailure } from '../../runtime/connect-failure.ts';

export type MqttVersion = '5' | '3.1.1';

export interface VersionState {
  readonly version: MqttVersion;
  /** This version has been accepted by the broker before. */
  readonly proven: boolean;
}

/** The first version to try. */
export function initialVersion(protocol: BrokerSettings['protocol']): VersionState {
  return { version: protocol === 'auto' ? '5' : protocol, proven: false };
}

/** The broker took the CONNECT in this version. */
export function versionAccepted(state: VersionState): VersionState {
  return { ...state, proven: true };
}

export interface VersionChoice {
  readonly state: VersionState;
  /** Another version is worth trying at once, without a backoff. */
  readonly changed: boolean;
}

/**
 * After a failed connect. An answer "unsupported version" decides at once ([MQTT-3.1.2-2]); brokers that know
 * only 3.1.1 may also just close (section 3.1.2.2 of 3.1.1 allows it), which says little, so that both
 * versions take turns until one is accepted.
 */
export function versionAfterFailure(
  state: VersionState,
  protocol: BrokerSettings['protocol'],
  failure: ConnectFailure,
): VersionChoice {
  const doubted = failure.kind === 'protocol-version' || (failure.kind === 'no-answer' && !state.proven);
  if (protocol !== 'auto' || !doubted) return { state, changed: false };
  const other: MqttVersion = state.version === '5' ? '3.1.1' : '5';
  // Only the way down is free: a broker that wants neither version would make a busy loop of two free ways.
  return { state: { version: other, proven: false }, changed: other === '3.1.1' };
}
