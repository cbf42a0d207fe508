/** Keys and certificates of a test's own. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from '../support/cleanups.ts';

export interface Keys {
  /** Each as NAME.pem and NAME.key: `broker`, and signed for other times `future` (from 2040 on), `expired` (in 2021). */
  readonly folder: string;
  readonly ca: string;
  readonly otherCa: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** By the other authority. */
  readonly strangerCert: string;
  readonly strangerKey: string;
}

/** Two authorities that know nothing of each other, and what they have signed for `address`. */
export function makeKeys(cleanups: Cleanups, address = '127.0.0.1'): Keys {
  const folder = cleanups.folder();
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other']) {
    const ca = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2'];
    openssl('req', '-x509', ...ec, ...ca);
  }
  const san = ['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=CA:FALSE'];
  const sign = (name: string, authority: string, newKey = ec): void => {
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-days', '2'];
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      ...san,
      ...by,
    );
  };
  // As most brokers have it: its certificate is what resuming saves.
  sign('broker', 'ca', ['-newkey', 'rsa:2048', '-nodes']);
  sign('client', 'ca');
  sign('stranger', 'other');
  const dated = register(folder, openssl);
  dated('future', '20400101000000Z', '20410101000000Z');
  dated('expired', '20200101000000Z', '20210101000000Z');
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    cert: at('broker.pem'),
    key: at('broker.key'),
    clientCert: at('client.pem'),
    clientKey: at('client.key'),
    strangerCert: at('stranger.pem'),
    strangerKey: at('stranger.key'),
  };
}

/** Only `openssl ca` of OpenSSL 3.0 dates a certificate, and it wants a register. */
function register(
  folder: string,
  openssl: (...args: readonly string[]) => void,
): (name: string, from: string, until: string) => void {
  writeFileSync(join(folder, 'register'), '');
  writeFileSync(
    join(folder, 'ca.cnf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=register\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n' +
      'policy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\nsubjectAltName=IP:127.0.0.1\n',
  );
  return (name, from, until) => {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl('req', ...ec, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const dates = ['-startdate', from, '-enddate', until];
    const by = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-config', 'ca.cnf'];
    openssl('ca', '-batch', '-notext', ...by, ...dates, '-in', `${name}.csr`, '-out', `${name}.pem`);
  };
}
