/** What mmcli 1.20 prints, cut to what there is of interest and a little more. Identities are made up. */

const modem = (generic: object, gpp: object = {}): string =>
  JSON.stringify({
    modem: {
      '3gpp': {
        'enabled-locks': ['fixed-dialing'],
        eps: { 'initial-bearer': { 'dbus-path': '--' }, 'ue-mode-operation': 'csps-2' },
        imei: '860000000000000',
        'operator-code': '26201',
        'operator-name': 'Telekom.de',
        'registration-state': 'home',
        ...gpp,
      },
      'dbus-path': '/org/freedesktop/ModemManager1/Modem/0',
      generic: {
        'access-technologies': ['lte'],
        bearers: ['/org/freedesktop/ModemManager1/Bearer/3', '/org/freedesktop/ModemManager1/Bearer/4'],
        manufacturer: 'QUALCOMM INCORPORATED',
        ports: ['cdc-wdm0 (qmi)', 'ttyUSB2 (at)', 'wwan0 (net)'],
        'primary-port': 'cdc-wdm0',
        'signal-quality': { recent: 'yes', value: '67' },
        state: 'connected',
        ...generic,
      },
    },
  });

const ABSENT = { '5g': '--', cdma1x: '--', evdo: '--', gsm: '--', lte: '--', umts: '--' };
const signal = (levels: object, rate = '30'): string =>
  JSON.stringify({
    modem: {
      signal: {
        '5g': { 'error-rate': '--', rsrp: '--', rsrq: '--', snr: '--' },
        cdma1x: { ecio: '--', rssi: '--' },
        evdo: { ecio: '--', io: '--', rssi: '--', sinr: '--' },
        gsm: { rssi: '--' },
        lte: { rsrp: '--', rsrq: '--', rssi: '--', snr: '--' },
        refresh: { rate },
        threshold: { 'error-rate': 'no', rssi: '0' },
        umts: { ecio: '--', rscp: '--', rssi: '--' },
        ...levels,
      },
    },
  });

export const LTE = modem({});
export const LTE_SIGNAL = signal({ lte: { rsrp: '-98.00', rsrq: '-12.00', rssi: '-67.00', snr: '9.40' } });
/** As a Fibocom behind OpenWrt reports it: RSSI alone. */
export const LTE_RSSI_SIGNAL = signal({ lte: { rsrp: '--', rsrq: '--', rssi: '-82.00', snr: '--' } });
/** Nobody has set a refresh rate. */
export const NO_SIGNAL = signal({}, '0');
export const OLD_SIGNAL = JSON.stringify({ modem: { signal: ABSENT } });

export const NSA = modem({ 'access-technologies': ['lte', '5gnr'] });
export const NSA_SIGNAL = signal({
  '5g': { 'error-rate': '--', rsrp: '-83.00', rsrq: '-11.00', snr: '18.50' },
  lte: { rsrp: '-70.00', rsrq: '-9.00', rssi: '-46.00', snr: '25.00' },
});
export const SA = modem({ 'access-technologies': ['5gnr'] }, { 'operator-code': '310260' });

export const UMTS = modem({ 'access-technologies': ['hsdpa', 'hsupa'], bearers: [] });
export const UMTS_SIGNAL = signal({ umts: { ecio: '-8.50', rscp: '-92.00', rssi: '-83.00' } });

/** Powered, without a SIM card. */
export const FAILED = modem(
  {
    'access-technologies': [],
    bearers: [],
    ports: [],
    'signal-quality': { recent: 'no', value: '0' },
    state: 'failed',
  },
  { 'operator-code': '--', 'operator-name': '--' },
);
export const STALE = modem({ 'signal-quality': { recent: 'no', value: '67' } });

/** The first bearer was given up, the second is in use. */
export const BEARERS: Readonly<Record<string, string>> = {
  '/org/freedesktop/ModemManager1/Bearer/3': JSON.stringify({
    bearer: {
      'dbus-path': '/org/freedesktop/ModemManager1/Bearer/3',
      properties: { apn: 'old.apn', 'ip-type': 'ipv4' },
      status: { connected: 'no', interface: '--' },
    },
  }),
  '/org/freedesktop/ModemManager1/Bearer/4': JSON.stringify({
    bearer: {
      'dbus-path': '/org/freedesktop/ModemManager1/Bearer/4',
      'ipv4-config': { address: '10.64.0.2', gateway: '10.64.0.1', method: 'static' },
      properties: { apn: 'internet.telekom', 'ip-type': 'ipv4', password: '--' },
      status: { connected: 'yes', interface: 'wwan0' },
    },
  }),
};
