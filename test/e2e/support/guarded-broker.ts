/** A real mosquitto with the access control that docs/mosquitto shows, to the letter; only ports and folders differ. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Keys, makeKeys } from '../agent/tls-keys.ts';
import type { Cleanups } from './cleanups.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { TOOL_ENV } from './namespaces.ts';
import { freePort } from './ports.ts';

const FILES = join(import.meta.dirname, '../../../docs/mosquitto');
const MONITORS_LISTENER = 'listener 1883 127.0.0.1';

export interface GuardedBroker {
  readonly broker: Mosquitto;
  /** For the monitor. */
  readonly url: string;
  /** For devices. */
  readonly devicesUrl: string;
  readonly keys: Keys;
}

/** Every account's password. */
export const PASSWORD = 'not-a-secret';

/** `groups`: sections to add to the access control list, as it tells the operator to. */
export async function startGuardedBroker(
  cleanups: Cleanups,
  accounts: readonly string[],
  groups = '',
): Promise<GuardedBroker> {
  const keys = makeKeys(cleanups);
  const folder = cleanups.folder();
  copyFileSync(keys.cert, join(folder, 'broker.crt'));
  copyFileSync(keys.key, join(folder, 'broker.key'));
  copyFileSync(keys.ca, join(folder, 'ca.crt'));
  writeFileSync(join(folder, 'acl'), `${accessList(accounts)}${groups}`);
  writeFileSync(join(folder, 'passwd'), '');
  for (const account of accounts) {
    const args = ['-b', join(folder, 'passwd'), account, PASSWORD];
    execFileSync('mosquitto_passwd', args, { env: TOOL_ENV, stdio: 'pipe' });
  }
  const port = await freePort();
  const replacements: readonly (readonly [string, string])[] = [
    // The test's own listener, which comes first, is this one.
    [MONITORS_LISTENER, ''],
    ['listener 8883', `listener ${port} 127.0.0.1`],
    ['/etc/mosquitto/', `${folder}/`],
    ['/var/lib/mosquitto/', `${folder}/`],
  ];
  let config = readFileSync(join(FILES, 'mosquitto.conf'), 'utf8');
  for (const [from, to] of replacements) {
    if (!config.includes(from)) throw new Error(`docs/mosquitto/mosquitto.conf no longer says: ${from}`);
    config = config.replaceAll(from, to);
  }
  const broker = await startMosquitto({ config: config.split('\n') });
  cleanups.add(() => broker.remove());
  return { broker, url: broker.url, devicesUrl: `mqtts://127.0.0.1:${port}`, keys };
}

/** Sections that are shown as comments become real for the accounts that are wanted. */
function accessList(accounts: readonly string[]): string {
  const shown = readFileSync(join(FILES, 'acl'), 'utf8');
  return shown.replace(/^#user (\S+)\n(?:#topic .*\n)+/gm, (section, account) =>
    accounts.includes(account) ? section.replaceAll(/^#/gm, '') : section,
  );
}
