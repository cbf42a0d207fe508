/** `keepalivehd load`: a fleet of devices over a few connections, to see what a broker and a monitor can take. */
import { writeFileSync } from 'node:fs';
import { Generator, type Killed, type LoadNews, type LoadSummary } from '../load/generator.ts';
import { CodedError } from '../runtime/coded-error.ts';
import { EXIT_OK } from './exit-codes.ts';
import { LOAD_HELP } from './help.ts';
import { LOAD_OPTIONS, readLoadRequest } from './load-request.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

export async function loadCommand(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, LOAD_OPTIONS);
  if (options.positionals.length > 0) throw new UsageError('load takes options only, no arguments');
  if (options.flags.has('help')) {
    process.stdout.write(LOAD_HELP);
    return EXIT_OK;
  }
  const request = readLoadRequest(options);
  const json = options.flags.has('json');
  const say = (news: LoadNews): void => {
    process.stdout.write(json ? `${JSON.stringify(news)}\n` : `${newsLine(news)}\n`);
  };
  const killedTo = options.texts.get('killed-to')?.[0];
  if (killedTo !== undefined) writeKilled(killedTo, []);
  const generator = new Generator(request, say);
  const stop = (): void => generator.stop();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const summary = await generator.run();
  process.off('SIGTERM', stop).off('SIGINT', stop);
  if (killedTo !== undefined) writeKilled(killedTo, generator.killed());
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
  return EXIT_OK;
}

/** One line for each: its name and when it was last heard of; written empty first, so that no load is in vain. */
function writeKilled(path: string, killed: readonly Killed[]): void {
  const lines = killed.map(
    ({ device, lastProbeMs }) =>
      `${device},${lastProbeMs === null ? '' : new Date(lastProbeMs).toISOString()}\n`,
  );
  try {
    writeFileSync(path, `device,last_probe\n${lines.join('')}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CodedError('KILLED_TO', `--killed-to: "${path.slice(0, 200)}" cannot be written (${code})`);
  }
}

function newsLine(news: LoadNews): string {
  switch (news.event) {
    case 'started':
      return `${news.devices} devices, ${news.probes_per_second} probes/s`;
    case 'filled':
      return `${(news.at_ms / 1000).toFixed(1)} s: every device has spoken`;
    case 'killed':
      return `${(news.at_ms / 1000).toFixed(1)} s: ${news.devices} devices fell silent`;
    case 'connectionLost':
      return `${(news.at_ms / 1000).toFixed(1)} s: a connection was lost: ${news.why}`;
  }
}

function summaryText(summary: LoadSummary): string {
  const rows: readonly (readonly [string, string])[] = [
    ['seconds', summary.seconds.toFixed(1)],
    ['probes', `${summary.probes} (${summary.probes_per_second}/s), ${summary.vitals} with vitals`],
    ['statuses', `${summary.statuses}, ${summary.reconnects} of reconnects`],
    ['bytes', String(summary.bytes)],
    ['killed', String(summary.killed)],
    ['said goodbye', String(summary.goodbyes)],
    ['connections lost', `${summary.connections_lost}; ${summary.unsent} probes not sent`],
    ['schedule slipped', `${summary.behind_max_ms} ms at most`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(20)}${value}\n`).join('');
}
