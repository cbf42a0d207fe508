/** A file or a key of the agent's that was given to the monitor, or the reverse. Pure. */
import type { ConfigProblem } from './config-error.ts';
import type { Gathered, Keys } from './layers.ts';

/** The two parts of the program that have a configuration. */
export type Part = 'agent' | 'monitor';

/** Says of unknown keys that they are the other part's, and where all of `file` looks like it, that first. */
export function nameOtherPart(read: Gathered, part: Part, keys: Keys, file: string | undefined): void {
  const belongs = ({ refusal, key }: ConfigProblem): boolean =>
    refusal === 'unknown-setting' &&
    (keys.has(key) || [...keys.keys()].some((known) => known.startsWith(`${key}.`)));
  // A file with keys of this part, too, is this part's with some that went astray.
  const hasOwn = [...read.values].some(([key, { origin }]) => origin.layer === 'file' && !keys.has(key));
  const isFrom = ({ source }: ConfigProblem): boolean =>
    file !== undefined && source?.startsWith(file) === true;
  const path = !hasOwn && read.problems.some((each) => belongs(each) && isFrom(each)) ? file : undefined;
  for (const [index, problem] of read.problems.entries()) {
    if (!belongs(problem)) continue;
    const fix =
      path === undefined || !isFrom(problem)
        ? `it is the ${part}'s: remove it, or check a file of the ${part}'s with --for ${part}`
        : `it is the ${part}'s`;
    read.problems[index] = { ...problem, fix };
  }
  if (path === undefined) return;
  const other: Part = part === 'agent' ? 'monitor' : 'agent';
  read.problems.unshift({
    key: path,
    value: null,
    problem: `looks like the ${part}'s configuration`,
    fix: `name the ${other}'s file, or use keepalivehd ${part} (config: --for ${part})`,
    source: null,
  });
}
