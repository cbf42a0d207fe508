/** The demo's command line. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: ./scripts/demo [--once]

Starts a monitor with its embedded broker and five agents, each behind a path that forgets idle
connections, and shows what becomes of them. Keeps running until Ctrl-C and leaves nothing behind.

  --once   play the story once, within about 90 seconds; exit 0 only if every step was seen.
           The last line of the output is JSON: {"ok":true,"steps":[{"name":…,"ok":…,"seconds":…}]}
  --help   this text

NO_COLOR=1 keeps the output plain.
`;

export type Options =
  | { readonly kind: 'run'; readonly once: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'misused'; readonly message: string };

/** Reads the arguments after the script's name. */
export function parseOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      strict: true,
      allowPositionals: false,
    });
    return values.help ? { kind: 'help' } : { kind: 'run', once: values.once ?? false };
  } catch (error) {
    return { kind: 'misused', message: error instanceof Error ? error.message : String(error) };
  }
}
