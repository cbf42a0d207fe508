/**
 * The only file that knows the D-Bus library. It takes 9 MB of memory, so it is loaded when there is a bus to
 * speak to and somebody who wants to; one connection serves one reading, so that nothing wakes the device later.
 */
import { existsSync } from 'node:fs';
import type { MessageBus } from 'dbus-native';

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

export interface SystemBus {
  /**
   * The reply's first value: dictionaries as objects, variants as their values. Rejects on an error reply and
   * when the bus's signal is aborted; a call with `patienceMs` is made all the same and given that long.
   */
  call(call: BusCall, patienceMs?: number): Promise<unknown>;
  close(): void;
}

const DEFAULT_ADDRESS = 'unix:path=/run/dbus/system_bus_socket';
/** A service that does not run is not started for us: it may have been stopped to save energy. */
const NO_AUTO_START = 0x2;

/** `DBUS_SYSTEM_BUS_ADDRESS`, or where the specification puts the system bus. */
export function systemBusAddress(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.DBUS_SYSTEM_BUS_ADDRESS || DEFAULT_ADDRESS;
}

/** Connects; null when there is no bus at `address`, or no library. Aborting `signal` ends its calls. */
export async function openSystemBus(address: string, signal: AbortSignal): Promise<SystemBus | null> {
  const path = /^unix:(?:.*,)?path=([^,;]+)/.exec(address)?.[1];
  if (path !== undefined && !existsSync(decodeURIComponent(path))) return null;
  let bus: MessageBus;
  try {
    const library = await import('dbus-native');
    bus = library.default.createClient({ busAddress: address, authMethods: ['EXTERNAL'], plainValues: true });
  } catch {
    return null;
  }
  // Without a listener a broken connection would end the process; each call fails for itself.
  bus.connection.on('error', () => {});
  return {
    call: async ({ body, ...call }, patienceMs) =>
      await bus.invoke(
        { ...call, flags: NO_AUTO_START, ...(body && { body: [...body] }) },
        patienceMs === undefined ? { signal } : { timeout: patienceMs },
      ),
    close() {
      bus.connection.end();
      bus.connection.stream.destroy();
    },
  };
}
