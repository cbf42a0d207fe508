/** `keepalivehd fleet status`, `fleet halt`, `fleet resume` */
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../../runtime/coded-error.ts';
import { EXIT_FAILURE, EXIT_OK } from '../exit-codes.ts';
import type { ReadOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { monitorClient } from './monitor-client.ts';
import { rolloutsTable, rolloutText } from './progress.ts';
import type { RolloutView } from './views.ts';

const WATCH_MS = 2000;
/** A monitor that is started anew is back by then. */
const PATIENCE_MS = 120_000;

export async function statusCommand(options: ReadOptions, rest: readonly string[]): Promise<number> {
  const [id, ...more] = rest;
  if (more.length > 0) throw new UsageError('fleet status takes one rollout, or none');
  const client = monitorClient(options, process.env);
  const json = options.flags.has('json');
  if (id === undefined) {
    if (options.flags.has('watch')) throw new UsageError('--watch needs the rollout to watch');
    const rollouts = await client.rollouts();
    process.stdout.write(json ? `${JSON.stringify({ rollouts })}\n` : rolloutsTable(rollouts));
    return EXIT_OK;
  }
  if (!options.flags.has('watch')) return show(await client.rollout(id), json);
  return watch(() => client.rollout(id), json);
}

/** Follows a rollout to its end. On a terminal it redraws; elsewhere it says what is new. */
async function watch(read: () => Promise<RolloutView>, json: boolean): Promise<number> {
  const redraws = process.stdout.isTTY && !json;
  let said = '';
  for (;;) {
    const rollout = said === '' ? await read() : await readPatiently(read);
    const whole = json ? `${JSON.stringify(rollout)}\n` : rolloutText(rollout);
    // A line that wraps would not be drawn over.
    const text = redraws ? whole.replace(/.+/g, (line) => line.slice(0, process.stdout.columns)) : whole;
    if (text !== said) {
      const up = redraws && said !== '' ? `\u001b[${said.split('\n').length - 1}A\u001b[J` : '';
      process.stdout.write(up + text);
      said = text;
    }
    if (rollout.state !== 'running') return exitCode(rollout);
    await wait(WATCH_MS);
  }
}

/** The rollout does not stop because the monitor is out of reach for a while. */
async function readPatiently(read: () => Promise<RolloutView>): Promise<RolloutView> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const unreachable = error instanceof CodedError && error.code === 'MONITOR_UNREACHABLE';
      if (!unreachable || performance.now() > until) throw error;
      await wait(WATCH_MS);
    }
  }
}

export async function steerCommand(
  action: 'halt' | 'resume',
  options: ReadOptions,
  rest: readonly string[],
): Promise<number> {
  const [id, ...more] = rest;
  if (id === undefined || more.length > 0) {
    throw new UsageError(`fleet ${action} needs one rollout, as keepalivehd fleet status names it`);
  }
  const reason = options.texts.get('reason')?.[0] ?? null;
  const rollout = await monitorClient(options, process.env).steer(id, action, reason);
  const json = options.flags.has('json');
  process.stdout.write(json ? `${JSON.stringify(rollout)}\n` : rolloutText(rollout));
  return EXIT_OK;
}

function show(rollout: RolloutView, json: boolean): number {
  process.stdout.write(json ? `${JSON.stringify(rollout)}\n` : rolloutText(rollout));
  return exitCode(rollout);
}

/** So that a script can tell a rollout that went well from one that stopped. */
function exitCode({ state }: RolloutView): number {
  return state === 'running' || state === 'completed' ? EXIT_OK : EXIT_FAILURE;
}
