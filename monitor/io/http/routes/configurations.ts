/** What is wanted of each target, and what its devices run. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatTarget, parseTarget, type Target } from '../../../../protocol/configuration.ts';
import type { KeptDocument, TargetRecord } from '../../../policy/rollout/rows.ts';
import { CONFIGURATION_STANDS, type ConfigurationStand, standOf } from '../../../policy/rollout/stand.ts';
import type { FleetReader } from '../../fleet-reader.ts';
import { type Field, limitField, oneOfField, type Schema, textField } from '../fields.ts';
import type { RolloutFace } from '../rollout-face.ts';
import { type Answer, failed, ok, type Route, route } from '../route.ts';
import { fixed, list, named, orNull, ref, text, whole } from '../shapes.ts';

const WANTED = fixed({ version: whole, hash: text });
const DOCUMENT = fixed({ version: whole, hash: text, document: text });

const DEVICE: Schema = fixed({
  device: text,
  state: { type: 'string', enum: CONFIGURATION_STANDS },
  running: orNull(WANTED),
  reason: orNull(text),
  detail: text,
});

const targetField: Field<Target | null> = {
  schema: { type: 'string' },
  doc: '`group:NAME` or `device:NAME`.',
  allowed: 'group:NAME or device:NAME',
  read: (written) => parseTarget(written) ?? undefined,
  absent: null,
};

/** Devices looked at for one answer, so that a large fleet does not hold up the rest. */
const LOOKS = 2000;

type Book = RolloutFace['rollouts']['book'];

export function configurationRoutes({ rollouts }: RolloutFace, fleet: FleetReader): readonly Route[] {
  const { book } = rollouts;
  return [listRoute(book), targetRoute(book, fleet), devicesRoute(book, fleet)];
}

function listRoute(book: Book): Route {
  return route({
    method: 'GET',
    path: '/api/configurations',
    id: 'listConfigurations',
    summary: 'Every target that something was rolled out to, with what is wanted of it.',
    answers: {
      200: {
        doc: 'All targets; `reports` counts the devices that said something of it.',
        schema: fixed({ targets: list(fixed({ target: text, wanted: WANTED, reports: named(whole) })) }),
      },
    },
    handle: () => ok({ targets: book.targets().map((target) => summary(book, target)) }),
  });
}

function targetRoute(book: Book, fleet: FleetReader): Route {
  return route({
    method: 'GET',
    path: '/api/configurations/{target}',
    id: 'getConfiguration',
    summary: 'The document of a target, the one before it, and how many devices are meant.',
    params: { target: targetField },
    answers: {
      200: {
        doc: 'Null and version 0 where nothing was rolled out; `devices` counts those that were ever heard.',
        schema: fixed({
          target: text,
          current: orNull(DOCUMENT),
          previous: orNull(DOCUMENT),
          highest_version: whole,
          devices: whole,
        }),
      },
    },
    async handle({ params: { target } }) {
      const devices = target === null ? 0 : await deviceCount(target, fleet);
      return ok({ ...targetJson(target, target && book.target(target)), devices });
    },
  });
}

function devicesRoute(book: Book, fleet: FleetReader): Route {
  return route({
    method: 'GET',
    path: '/api/configurations/{target}/devices',
    id: 'listConfigurationDevices',
    summary: 'What is wanted of the devices of a target, against what they run.',
    params: { target: targetField },
    query: {
      state: oneOfField(CONFIGURATION_STANDS, 'Only devices that stand so.'),
      limit: limitField,
      cursor: textField('`next` of the page before; left out: the first page.', 200),
    },
    answers: {
      200: {
        doc: 'A page; it may be empty and not the last. `next` is null with the last page.',
        schema: fixed({ wanted: WANTED, devices: list(DEVICE), next: orNull(text) }),
      },
      404: { doc: 'Nothing was rolled out to it.', schema: ref('Error') },
    },
    async handle({ params, query: { state, limit, cursor } }): Promise<Answer> {
      const record = params.target === null ? undefined : book.target(params.target);
      if (record === undefined) return failed(404, 'UNKNOWN_TARGET', 'nothing was ever rolled out to it');
      const page = await devicesOf(record, fleet, Math.min(limit, LOOKS), cursor);
      if (page === null) return failed(400, 'BAD_CURSOR', 'the cursor is none of this monitor’s; begin anew');
      const isWanted = book.wantedBy(record);
      const devices = page.devices
        .map((device) => ({ device, ...standOf(record, book.report(device), isWanted(device)) }))
        .filter((each) => state === null || each.state === state);
      return ok({ wanted: wantedJson(record.current), devices, next: page.next });
    },
  });
}

function summary(book: Book, record: TargetRecord): Record<string, unknown> {
  const reports: Partial<Record<ConfigurationStand, number>> = {};
  const name = formatTarget(record.target);
  const isWanted = book.wantedBy(record);
  for (const [device, report] of book.allReports()) {
    const runs = report.running.some(({ target }) => formatTarget(target) === name);
    if (!runs && report.last?.hash !== record.current.hash) continue;
    const { state } = standOf(record, report, isWanted(device));
    reports[state] = (reports[state] ?? 0) + 1;
  }
  return { target: name, wanted: wantedJson(record.current), reports };
}

async function devicesOf(
  { target }: TargetRecord,
  fleet: FleetReader,
  limit: number,
  cursor: string | null,
): Promise<{ readonly devices: readonly string[]; readonly next: string | null } | null> {
  if (target.kind === 'device') return { devices: [target.name], next: null };
  const page = await fleet.devices({
    state: null,
    group: target.name,
    network: null,
    q: null,
    cursor,
    limit,
  });
  return page === null ? null : { devices: page.devices.map(({ device }) => device), next: page.next };
}

/** In slices, so that a large fleet does not hold up the rest. */
async function deviceCount({ kind, name }: Target, fleet: FleetReader): Promise<number> {
  if (kind === 'device') return (await fleet.device(name)) === undefined ? 0 : 1;
  const query = { state: null, group: name, network: null, q: null, limit: LOOKS };
  let count = 0;
  let cursor: string | null = null;
  do {
    const page = await fleet.devices({ ...query, cursor });
    count += page?.devices.length ?? 0;
    cursor = page?.next ?? null;
    if (cursor !== null) await nextTurn();
  } while (cursor !== null);
  return count;
}

function wantedJson({ version, hash }: KeptDocument): Record<string, unknown> {
  return { version, hash };
}

function targetJson(target: Target | null, record: TargetRecord | null | undefined): Record<string, unknown> {
  return {
    target: target === null ? '' : formatTarget(target),
    current: record?.current ?? null,
    previous: record?.previous ?? null,
    highest_version: record?.highestVersion ?? 0,
  };
}
