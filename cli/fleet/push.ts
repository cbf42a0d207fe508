/** `keepalivehd fleet push` and `fleet rollback`: check, show, ask, sign, hand over to the monitor. */
import { createInterface } from 'node:readline/promises';
import { tooSlowFor } from '../../agent/policy/fleet/checks.ts';
import { formatProblem } from '../../config/config-error.ts';
import { checkPushed } from '../../config/pushed.ts';
import {
  CONFIGURATION_TYPE,
  type ConfigurationDocument,
  encodeDocument,
  formatTarget,
  MAX_CONFIGURATION_BYTES,
  parseCompact,
  parseDocument,
  type Target,
} from '../../protocol/configuration.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { signCompact } from '../../runtime/jws.ts';
import { EXIT_FAILURE, EXIT_OK } from '../exit-codes.ts';
import type { ReadOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { basisLine, type Change, changeLines, differences, type OwnValues } from './difference.ts';
import { findKey, keyDirectory, type NamedKey } from './key-file.ts';
import { type MonitorClient, monitorClient } from './monitor-client.ts';
import { readSettings, readTarget, readTerms, readTrust, type Settings, type Terms } from './order.ts';
import { deviceOptions, ownValues } from './own-values.ts';
import { rolloutText } from './progress.ts';
import type { TargetView } from './views.ts';

/** What is to be pushed, before it is signed. */
interface Plan {
  readonly target: Target;
  readonly terms: Terms;
  readonly version: number;
  readonly settings: Settings;
  readonly changes: readonly Change[];
  /** The version that these are changes of; 0: nothing was pushed; null: the monitor was not asked. */
  readonly against: number | null;
  readonly own: OwnValues;
  readonly trustedKeys: readonly string[] | null;
  /** How many the monitor knows in the target; null: it was not asked. */
  readonly devices: number | null;
}

export async function pushCommand(options: ReadOptions, rest: readonly string[]): Promise<number> {
  const [path, ...more] = rest;
  if (path === undefined || more.length > 0) throw new UsageError('fleet push needs one file of settings');
  const target = readTarget(options);
  const terms = readTerms(options, target, '1,5%,25%,100%');
  const trustedKeys = readTrust(options);
  const settings = readSettings(path);
  checkSettings(settings, target, terms, options);
  const dryRun = options.flags.has('dry-run');
  const key = findKey(keyDirectory(process.env), options.texts.get('key')?.[0]);
  const client = monitorClient(options, process.env);
  // Whoever states the version can try out a push where no monitor is within reach.
  const known = dryRun && terms.version !== null ? null : await client.target(formatTarget(target));
  const version = nextVersion(terms.version, known?.highest_version ?? 0);
  const current = known?.current ?? null;
  const changes = differences(current === null ? {} : documentOf(current.document).settings, settings);
  const devices = known === null ? null : someDevices(known);
  const against = known === null ? null : (current?.version ?? 0);
  const own = ownValues(options.texts.get('config')?.[0]);
  const plan = { target, terms, version, settings, changes, against, own, trustedKeys, devices };
  return carryOut(plan, key, client, options, dryRun);
}

/** The settings before the last push, signed anew: devices take no older version. */
export async function rollbackCommand(options: ReadOptions, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError('fleet rollback takes options only');
  const target = readTarget(options);
  const terms = readTerms(options, target, '100%');
  const key = findKey(keyDirectory(process.env), options.texts.get('key')?.[0]);
  const client = monitorClient(options, process.env);
  const known = await client.target(formatTarget(target));
  const { current, previous, highest_version: highest } = known;
  if (current === null) {
    throw new CodedError('NOTHING_PUSHED', `nothing was ever pushed to ${formatTarget(target)}`);
  }
  // Before the first push the devices ran what their files say: that is what no settings at all mean.
  const settings = previous === null ? {} : documentOf(previous.document).settings;
  const changes = differences(documentOf(current.document).settings, settings);
  const version = nextVersion(terms.version, highest);
  const devices = someDevices(known);
  const basis = { changes, against: current.version, own: new Map() };
  const plan = { target, terms, version, settings, ...basis, trustedKeys: null, devices };
  return carryOut(plan, key, client, options, options.flags.has('dry-run'));
}

async function carryOut(
  plan: Plan,
  key: NamedKey,
  client: MonitorClient,
  options: ReadOptions,
  dryRun: boolean,
): Promise<number> {
  const json = options.flags.has('json');
  const { target, terms, version, changes, against, own, devices } = plan;
  if (!json) process.stdout.write(planText(plan, key.name));
  const document = await sign(plan, key);
  const what = { target: formatTarget(target), version, waves: terms.waves, devices };
  const summary = { ...what, against, changes: changes.map((change) => shown(change, own)) };
  if (dryRun) {
    process.stdout.write(
      json ? `${JSON.stringify({ ...summary, dry_run: true })}\n` : 'Nothing was pushed (--dry-run).\n',
    );
    return EXIT_OK;
  }
  if (!options.flags.has('yes') && !(await confirmed(json))) {
    process.stderr.write('Nothing was pushed.\n');
    return EXIT_FAILURE;
  }
  const order = { document, waves: terms.waves, observe_seconds: terms.observeSeconds };
  const rollout = await client.start(order);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...summary, rollout })}\n`
      : `${rolloutText(rollout)}Follow it: keepalivehd fleet status ${rollout.id} --watch\n`,
  );
  return EXIT_OK;
}

/** By the same rules as on the device, over its file where `--config` names one. Throws `BAD_SETTINGS`. */
function checkSettings(settings: Settings, target: Target, terms: Terms, options: ReadOptions): void {
  const file = options.texts.get('config')?.[0];
  const checked = checkPushed({
    ...deviceOptions(file),
    pushed: [{ origin: { ...target, version: 1 }, settings }],
  });
  if (checked.ok) {
    const { keepalive, socketKeepalive } = checked.loaded.settings;
    const isFixed = socketKeepalive.app && keepalive.adaptive === false;
    const fixedIntervalMs = isFixed ? keepalive.intervalSeconds * 1000 : null;
    const tooSlow = tooSlowFor(terms.confirmWithinSeconds, { fixedIntervalMs, count: keepalive.count });
    if (tooSlow === null) return;
    throw new CodedError('BAD_SETTINGS', `${tooSlow}; allow more with --confirm-within`);
  }
  // Of what is pushed the source is plain.
  const lines = checked.problems.map((problem) => {
    const isFile = file !== undefined && problem.source?.startsWith(file) === true;
    return `  ${formatProblem(isFile ? problem : { ...problem, source: null })}`;
  });
  const over =
    file === undefined ? 'checked over the defaults (name their file with --config)' : `over ${file}`;
  const what = `the devices would refuse these settings, ${over}; nothing was pushed`;
  throw new CodedError('BAD_SETTINGS', `${what}:\n${lines.join('\n')}\n `.trimEnd());
}

function nextVersion(stated: number | null, highest: number): number {
  if (stated === null) return highest + 1;
  if (stated > highest) return stated;
  throw new UsageError(`--version: ${stated} is not newer than ${highest}, which was pushed before`);
}

/** A name that no device bears is a slip. Throws `NO_DEVICES`, as the monitor would when it is told to start. */
function someDevices({ target, devices }: TargetView): number {
  if (devices > 0) return devices;
  const why = target.startsWith('group:')
    ? 'no device that the monitor has heard is in this group; see --target, and device.groups of the devices'
    : 'the monitor has never heard this device; see --target, and device.name of the device';
  throw new CodedError('NO_DEVICES', `${target}: ${why}`);
}

function documentOf(jws: string): ConfigurationDocument {
  const parts = parseCompact(jws);
  const parsed = parts && parseDocument(parts.payload);
  if (parsed?.ok) return parsed.document;
  throw new CodedError(
    'BAD_DOCUMENT',
    'the monitor holds a document that cannot be read; push with --version',
  );
}

async function sign(plan: Plan, { key }: NamedKey): Promise<string> {
  const { target, terms, version, settings, trustedKeys } = plan;
  const issuedAt = Math.floor(Date.now() / 1000);
  const payload = encodeDocument({
    target,
    version,
    issuedAt,
    expiresAt: issuedAt + terms.expiresSeconds,
    confirmWithinSeconds: terms.confirmWithinSeconds,
    settings,
    trustedKeys,
  });
  const again = parseDocument(payload);
  if (!again.ok)
    throw new CodedError('BAD_DOCUMENT', `the devices would refuse this document: ${again.detail}`);
  const jws = await signCompact(payload, CONFIGURATION_TYPE, key);
  if (jws.length <= MAX_CONFIGURATION_BYTES) return jws;
  const most = `devices take at most ${MAX_CONFIGURATION_BYTES}`;
  throw new CodedError(
    'TOO_LARGE',
    `the signed settings are ${jws.length} bytes; ${most}: push less at once`,
  );
}

function planText(plan: Plan, keyName: string): string {
  const { target, terms, version, changes, own, trustedKeys, devices } = plan;
  const meant = devices === null ? '' : ` of ${devices} device${devices === 1 ? '' : 's'}`;
  const waves = `waves ${terms.waves.join(', ')}${meant}`;
  const what = `${formatTarget(target)} v${version}, signed with ${keyName}, ${waves}`;
  const lines = changes.length === 0 ? ['  no setting changes'] : changeLines(changes, own);
  const trust =
    trustedKeys === null ? [] : [`  from then on only these keys are trusted: ${trustedKeys.join(', ')}`];
  return `${what}\n${[...lines, ...trust, basisLine(plan.against, own)].join('\n')}\n`;
}

/** A change in JSON; what is secret stays so. */
function shown(change: Change, own: OwnValues): { readonly key: string; readonly change: string } {
  return {
    key: change.key,
    change: changeLines([change], own)
      .join('')
      .trim()
      .replace(/^\S+\s+/, ''),
  };
}

async function confirmed(json: boolean): Promise<boolean> {
  if (json || !process.stdin.isTTY) {
    throw new UsageError('nobody is there to be asked; check with --dry-run, then add --yes');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    // The end of the input (Ctrl-D, Ctrl-C) is no yes.
    terminal.once('close', () => resolve(''));
    terminal.question('Push this? [y/N] ').then(resolve, () => resolve(''));
  });
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
