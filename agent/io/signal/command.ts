/** The last resort for odd hardware: a program of the operator's own that prints the signal in dBm. */
import { plausibleDbm } from './dbm.ts';
import type { RunCommand } from './run-command.ts';
import type { SignalSource } from './signal.ts';

/** The one number of the first line, with or without its unit: `-71`, `-71.5 dBm`. Else null. */
export function parseCommandOutput(text: string): number | null {
  const [first = ''] = text.trimStart().split('\n');
  const match = /^(-?\d{1,3}(?:\.\d+)?)\s*(?:dBm)?\s*$/i.exec(first);
  return match === null ? null : plausibleDbm(Number(match[1]));
}

/** A source over `signal.command`; `complain` is told why it gave nothing. */
export function createCommandSource(
  argv: readonly string[],
  run: RunCommand,
  complain: (detail: string) => void,
): SignalSource {
  return {
    name: 'command',
    async read(signal) {
      const result = await run(argv, signal);
      if (result.kind !== 'output') {
        complain(result.detail);
        return result.kind === 'missing' ? 'missing' : null;
      }
      const signalDbm = parseCommandOutput(result.text);
      if (signalDbm === null) complain('it printed no signal in dBm, such as -71');
      return signalDbm;
    },
  };
}
