/** Every key of the agent's configuration. */
import { PRESET_NAMES, type PresetName } from '../presets/presets.ts';
import type { SignalSettings } from '../settings.ts';
import { type BrokerConfig, brokerSchema } from './broker.ts';
import { agentFleetSchema, type FleetConfig } from './fleet.ts';
import type { SchemaOf } from './item.ts';
import { type KeepaliveConfig, keepaliveSchema } from './keepalive.ts';
import { type LogConfig, logSchema } from './log.ts';

export interface AgentConfig extends KeepaliveConfig {
  preset: PresetName | null;
  device: { name: string | null; groups: readonly string[] };
  broker: BrokerConfig;
  will_delay: number;
  reconnect: { min_delay: number; max_delay: number; stable_after: number };
  verdict: { initial: number; floor: number; ceiling: number };
  battery: { sysfs_root: string; low_at: number };
  signal: {
    source: SignalSettings['source'];
    command: readonly string[];
    timeout: number;
    procfs_root: string;
  };
  fleet: FleetConfig;
  state_directory: string;
  log: LogConfig;
}

export const AGENT_STATE_DIRECTORY = '/var/lib/keepalivehd';

export const agentSchema: SchemaOf<AgentConfig> = {
  preset: {
    doc: 'Values that suit a kind of network; every other key still overrides them.',
    format: 'choice',
    choices: PRESET_NAMES,
    default: null,
    nullable: true,
    env: 'KHD_PRESET',
  },
  device: {
    name: {
      doc: 'Name of the device, unique in the fleet. Default: the host name, when it can be one.',
      format: 'device_name',
      default: null,
      nullable: true,
      pushable: false,
      env: 'KHD_DEVICE_NAME',
    },
    groups: {
      doc: 'Groups the device belongs to; separated by commas in the environment.',
      format: 'group_list',
      default: [],
      pushable: false,
      env: 'KHD_DEVICE_GROUPS',
    },
  },
  ...keepaliveSchema,
  broker: brokerSchema,
  will_delay: {
    doc: 'How long the broker waits before it publishes the will (MQTT 5).',
    format: 'duration',
    default: '10s',
    whole: true,
    // The Will Delay Interval is in whole seconds (MQTT 5, 3.1.3.2.2); after an hour it is no news.
    max: 3600,
    env: 'KHD_WILL_DELAY',
  },
  reconnect: {
    min_delay: {
      doc: 'Upper end of the random wait before the first attempt to reconnect.',
      format: 'duration',
      default: '1s',
      min: 0.01,
      max: 3600,
      env: 'KHD_RECONNECT_MIN_DELAY',
    },
    max_delay: {
      doc: 'The random wait doubles with each failure, up to this.',
      format: 'duration',
      default: '5m',
      min: 0.01,
      max: 86_400,
      env: 'KHD_RECONNECT_MAX_DELAY',
    },
    stable_after: {
      doc: 'How long a connection must last before earlier failures are forgotten.',
      format: 'duration',
      default: '60s',
      max: 86_400,
      env: 'KHD_RECONNECT_STABLE_AFTER',
    },
  },
  verdict: {
    initial: {
      doc: "Wait for a probe's answer before any round trip was measured.",
      format: 'duration',
      default: '15s',
      min: 0.1,
      max: 3600,
      env: 'KHD_VERDICT_INITIAL',
    },
    floor: {
      doc: 'Shortest wait for an answer, however fast the path.',
      format: 'duration',
      default: '3s',
      min: 0.1,
      max: 3600,
      env: 'KHD_VERDICT_FLOOR',
    },
    ceiling: {
      doc: 'Longest wait for an answer, however slow the path.',
      format: 'duration',
      default: '30s',
      min: 0.1,
      max: 3600,
      env: 'KHD_VERDICT_CEILING',
    },
  },
  battery: {
    sysfs_root: {
      doc: 'Where sysfs is mounted; battery and mains are read below class/power_supply.',
      format: 'path',
      default: '/sys',
      pushable: false,
      env: 'KHD_BATTERY_SYSFS_ROOT',
    },
    low_at: {
      doc: 'Charge in percent at or below which, without external power, energy is saved.',
      format: 'whole_number',
      default: 20,
      min: 0,
      max: 100,
      env: 'KHD_BATTERY_LOW_AT',
    },
  },
  signal: {
    source: {
      doc: 'Where the signal strength comes from; auto: whatever the network in use has, then signal.command.',
      format: 'choice',
      choices: ['auto', 'wifi', 'modem', 'command', 'off'],
      default: 'auto',
      env: 'KHD_SIGNAL_SOURCE',
    },
    command: {
      doc: 'Program and arguments that print the signal in dBm, for odd hardware; run without a shell.',
      format: 'text_list',
      default: [],
      // A command is code.
      pushable: false,
      env: 'KHD_SIGNAL_COMMAND',
    },
    timeout: {
      doc: 'Longest wait for a modem or a command; no probe waits for them.',
      format: 'duration',
      default: '2s',
      min: 0.1,
      max: 60,
      env: 'KHD_SIGNAL_TIMEOUT',
    },
    procfs_root: {
      doc: 'Where procfs is mounted; routes and the Wi-Fi signal are read below net.',
      format: 'path',
      default: '/proc',
      pushable: false,
      env: 'KHD_SIGNAL_PROCFS_ROOT',
    },
  },
  fleet: agentFleetSchema,
  state_directory: {
    doc: 'Folder for what must survive a restart. Default under systemd: $STATE_DIRECTORY.',
    format: 'path',
    default: AGENT_STATE_DIRECTORY,
    pushable: false,
    env: 'KHD_STATE_DIRECTORY',
  },
  log: logSchema,
};
