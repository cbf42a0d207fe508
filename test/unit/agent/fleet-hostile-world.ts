/** A device as strangers meet it: real signatures, real schema, a real file; what it does is written down. */
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet } from '../../../agent/fleet.ts';
import { documentHash, openFleetStore } from '../../../agent/io/fleet-store.ts';
import { NOTHING_PUSHED } from '../../../agent/policy/fleet/fleet.ts';
import type { FleetConfig, FleetLayer } from '../../../agent/policy/fleet/types.ts';
import { check } from '../../../agent/pushed.ts';
import { loadAgent } from '../../../config/load.ts';
import { CONFIGURATION_TYPE, parseCompact, parseDocument } from '../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import { type KeyPair, thumbprint, verifyCompact } from '../../../runtime/jws.ts';

/** RFC 8037, appendix A: a key that everybody knows. */
export const KEY: KeyPair = {
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};
/** 2026-11-23 */
export const NOW_SECONDS = 1_795_392_000;
const CONFIG: FleetConfig = { device: 'pump-17', groups: ['pilot'], ownKeys: 'own', sinceSeconds: 1 };
/** What it runs before anybody speaks: this version of the group's document. */
export const RUNNING_VERSION = 5;

/** A payload that the device would try, with `change`; what is undefined is left out. */
export function payload(change: object = {}): string {
  return JSON.stringify({
    v: 1,
    target: 'group:pilot',
    version: RUNNING_VERSION + 1,
    issued_at: NOW_SECONDS - 60,
    expires_at: NOW_SECONDS + 86_400,
    confirm_within: 300,
    settings: { keepalive_interval: '45s', verdict: { floor: '4s' } },
    ...change,
  });
}

/** A JWS around whatever content and header, signed as a holder of `key` can. */
export async function signed(
  content: string | Uint8Array,
  { header = {}, key = KEY }: { readonly header?: object; readonly key?: KeyPair } = {},
): Promise<string> {
  const full = { alg: 'EdDSA', kid: await thumbprint(key.x), typ: CONFIGURATION_TYPE, ...header };
  const input = [JSON.stringify(full), content]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', ...key }, format: 'jwk' });
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

export interface Stranded {
  /** Resolves when each was examined; `reasons` then has one more for each that was not seen before. */
  hear(payloads: readonly (string | Uint8Array)[]): Promise<void>;
  /** Why documents were refused, oldest first. */
  readonly reasons: string[];
  readonly reports: readonly ConfigurationReport[];
  /** Layers that were to run, oldest first. */
  readonly applied: readonly (readonly FleetLayer[])[];
  /** The bytes on flash. */
  flash(): string;
}

/** A device in `folder`, on its link, that runs the group's version 5. */
export async function startDevice(folder: string, wallSeconds = NOW_SECONDS): Promise<Stranded> {
  const log = { write: () => {}, flush: async () => {} };
  const text = await signed(payload({ version: RUNNING_VERSION }));
  const parts = parseCompact(text);
  const parsed = parts && parseDocument(parts.payload);
  assert.ok(parsed?.ok);
  const running = { target: 'group:pilot', hash: documentHash(text), text, document: parsed.document };
  const accepted = { version: RUNNING_VERSION, hash: running.hash, attempts: 1, failure: null };
  openFleetStore(folder, log).write({
    ...NOTHING_PUSHED,
    ...{ confirmed: [running], accepted: { 'group:pilot': accepted }, seenSeconds: NOW_SECONDS - 3600 },
  });
  const load = (pushed: readonly FleetLayer[] = []) => loadAgent({ env: {}, hostname: 'pump-17', pushed });
  const base = load().settings;
  const [reasons, reports, applied]: [string[], ConfigurationReport[], (readonly FleetLayer[])[]] = [
    [],
    [],
    [],
  ];
  let [left, done] = [0, (): void => {}];
  const fleet = new Fleet(
    {
      config: CONFIG,
      fileKeys: [KEY.x],
      store: openFleetStore(folder, log),
      verify: (jws, keys) => verifyCompact(jws, CONFIGURATION_TYPE, keys),
      check: (layers) =>
        check(layers, base, load, () => ({ link: false, socket: false, senses: false, log: false })).result,
      apply: (layers) => applied.push(layers),
      versionChanged: () => {},
      probe: () => {},
      publish(report, onDone) {
        reports.push(report);
        onDone(true);
      },
      listen: () => {},
      wakeChanged() {
        left -= 1;
        if (left === 0) done();
      },
      now: () => 0,
      wallSeconds: () => wallSeconds,
      log: {
        ...log,
        write(_level, event, _message, fields) {
          if (event === 'configurationRefused') reasons.push(String(fields?.reason));
        },
      },
    },
    { overridden: [], leftOut: [] },
  );
  fleet.handle({ kind: 'linkUp', epoch: 1 });
  return {
    reasons,
    reports,
    applied,
    async hear(payloads) {
      const all = new Promise<void>((resolve) => {
        [left, done] = [payloads.length, resolve];
      });
      // Of one topic only the newest is examined.
      payloads.forEach((each, at) => {
        fleet.hear(`topic/${at}`, Buffer.from(each));
      });
      await all;
    },
    flash: () => readFileSync(join(folder, 'fleet.json'), 'utf8'),
  };
}
