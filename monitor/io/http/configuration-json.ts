/** What one device runs of its configuration, as the API shows it. */
import { formatTarget } from '../../../protocol/configuration.ts';
import type { DocumentName } from '../../../protocol/configuration-report.ts';
import { standOf } from '../../policy/rollout/stand.ts';
import type { Schema } from './fields.ts';
import type { RolloutFace } from './rollout-face.ts';
import { fixed, list, named, orNull, text, whole } from './shapes.ts';

const NAME = { target: text, version: whole, hash: text };

export const CONFIGURATION: Schema = fixed({
  running: list(fixed(NAME)),
  wanted: list(fixed({ ...NAME, state: text, reason: orNull(text), detail: text })),
  refusals: named(whole),
  overridden: list(text),
});

/** `wanted`: of the device itself and of its groups, as far as something was rolled out to them. */
export function configurationJson(
  book: RolloutFace['rollouts']['book'],
  device: string,
  groups: readonly string[],
): Record<string, unknown> {
  const report = book.report(device);
  const targets = [
    ...groups.map((name) => ({ kind: 'group', name }) as const),
    { kind: 'device', name: device } as const,
  ];
  const wanted = targets.flatMap((target) => {
    const record = book.target(target);
    if (record === undefined) return [];
    const { state, reason, detail } = standOf(record, report, book.wantedBy(record)(device));
    return [{ ...nameJson({ target, ...record.current }), state, reason, detail }];
  });
  return {
    running: report?.running.map(nameJson) ?? [],
    wanted,
    refusals: report === undefined ? {} : Object.fromEntries(Object.entries(report.refusals)),
    overridden: report?.overridden ?? [],
  };
}

function nameJson({ target, version, hash }: DocumentName): Record<string, unknown> {
  return { target: formatTarget(target), version, hash };
}
