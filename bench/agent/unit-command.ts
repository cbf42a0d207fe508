/** How the agent is started on a device: read from its unit, so that what is measured is what ships. */
import { CodedError } from '../../runtime/coded-error.ts';

export interface UnitCommand {
  /** Options of Node, as in `ExecStart=`. */
  readonly nodeOptions: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Reads `ExecStart=` and `Environment=` of a unit's text. Throws `BENCH_UNIT` when it does not run Node. */
export function unitCommand(unit: string): UnitCommand {
  const words = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(/\s+/) ?? [];
  const node = words.indexOf('node');
  if (node < 0) throw new CodedError('BENCH_UNIT', 'the unit of the agent does not run node');
  const program = words.findIndex((word, at) => at > node && !word.startsWith('-'));
  const env = [...unit.matchAll(/^Environment=([^=]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  return {
    nodeOptions: words.slice(node + 1, program),
    env: Object.fromEntries(env) as Record<string, string>,
  };
}
