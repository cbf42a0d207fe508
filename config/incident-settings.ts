/** When many deaths are one incident. */
export interface IncidentSettings {
  /** False: none is opened, and those that are open are closed. */
  readonly enabled: boolean;
  /** Devices of one network or group. */
  readonly minDevices: number;
  /** Of the devices of a network or group, or of a fleet that has not more of them: 0–1. */
  readonly share: number;
  /** Devices of the whole fleet. */
  readonly fleetMinDevices: number;
  /** Of the whole fleet: 0–1. */
  readonly fleetShare: number;
  /** Networks that fall together are one incident of the fleet. */
  readonly networks: number;
  /** Deaths within it belong together. */
  readonly windowSeconds: number;
  /** Names the broker's incidents: its host. */
  readonly broker: string;
}
