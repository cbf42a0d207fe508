/** Which network the device is on, what was learned there, and how strong its signal is. */
import type { AgentSettings } from '../../config/settings.ts';
import type { Log } from '../../runtime/log.ts';
import { networkKey, radioOf } from '../policy/network-key.ts';
import type { BeliefStore } from './belief-store.ts';
import type { Whereabouts } from './mqtt-link.ts';
import { readNetwork, type SocketAddresses } from './network/identity.ts';
import { sha256 } from './network/sha256.ts';
import { createIw } from './signal/iw.ts';
import { createMmcli } from './signal/mmcli.ts';
import { createModemReader } from './signal/modem.ts';
import { readModemManager } from './signal/modem-manager.ts';
import { runCommand } from './signal/run-command.ts';
import { SignalReader } from './signal/signal.ts';
import { systemBusAddress } from './signal/system-bus.ts';

export interface Senses {
  /** Called once per connection, while the radio is awake for it. Never rejects. */
  locate(socket: SocketAddresses): Promise<Whereabouts>;
  /** Called only while awake for a probe; answers at once. */
  readSignalDbm(): number | null;
  close(): void;
}

/** `prior`: what is believed of a network before anything is learned there. */
export function createSenses(
  settings: Pick<AgentSettings, 'signal' | 'battery' | 'broker'>,
  beliefs: BeliefStore,
  prior: () => Float64Array,
  log: Log,
): Senses {
  const { source, command, timeoutSeconds, procfsRoot } = settings.signal;
  const timeoutMs = timeoutSeconds * 1000;
  const iw = createIw(runCommand);
  const modem = createModemReader(
    (signal) => readModemManager(systemBusAddress(), signal),
    createMmcli(runCommand),
  );
  const reader = new SignalReader({
    source,
    command,
    timeoutMs,
    procRoot: procfsRoot,
    iw,
    modem,
    run: runCommand,
    log,
  });
  return {
    async locate(socket) {
      const found = await readNetwork(socket, {
        endpoint: new URL(settings.broker.url).host,
        procRoot: procfsRoot,
        sysRoot: settings.battery.sysfsRoot,
        iw,
        modem,
        modemConfigured: source === 'modem',
        timeoutMs,
      });
      reader.use(found.identity.kind, found.interface);
      const key = networkKey(found.identity, sha256);
      const network = { key, radio: radioOf(found.identity) };
      return { network, belief: beliefs.load(key, prior()), link: beliefs.link(key) };
    },
    readSignalDbm: () => reader.read().signalDbm,
    close: () => reader.close(),
  };
}
