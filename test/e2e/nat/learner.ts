/** An agent on an idle path, and what it makes of that path, as its log tells. */
import assert from 'node:assert/strict';
import type { Cleanups } from '../support/cleanups.ts';
import { type Line, type Program, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

/**
 * Connections that finding an idle limit may cost. Typical are 3 to 5; timers that fire up to 0.3 s late cost up to 7
 * (test/sim/agent/late-timers.sim.test.ts). Tolerated are more: a machine under load loses probes of its own.
 */
export const MAX_DROPS = 12;
/** Losses that only the machine explains: it stood still until a verdict was out. Typical is none. */
const MAX_OWN_LOSSES = 3;
/**
 * Probes in a row, each after a real silence, that show that the agent stays below the limit. It may try a longer
 * one later all the same: paths change.
 */
const ANSWERS_TO_SETTLE = 3;
/** A probe sent sooner than this part of the limit would stay below it whatever the agent had learned. */
const WORTHWHILE = 0.5;
/** Typical are 30 s. */
const SETTLE_MS = 150_000;

/** Limits of seconds instead of minutes; a dead link shows within three seconds. */
const SHORT_TIMES = {
  keepalive_interval: '3s',
  keepalive_count: 3,
  // The longest steps.
  adaptive_mode: 'low_power',
  min_interval: '1s',
  // A bold first try must not take half a minute.
  max_interval: '6s',
  'reconnect.min_delay': '50ms',
  'reconnect.max_delay': '500ms',
  'reconnect.stable_after': '500ms',
  'verdict.initial': '1s',
  // Ten thousand round trips on this path; shorter ones would take a machine that stands still for a dead path.
  'verdict.floor': '600ms',
  'verdict.ceiling': '1s',
  'log.level': 'debug',
};

/** Starts an agent with nothing learned; `within` puts it into a namespace. */
export function startLearner(
  cleanups: Cleanups,
  url: string,
  within: readonly string[] = [],
  settings: Readonly<Record<string, string | number | boolean>> = {},
): Program {
  const agent = startProgram(
    ['agent'],
    {
      ...SHORT_TIMES,
      'broker.url': url,
      'device.name': 'pump-17',
      state_directory: cleanups.folder(),
      'battery.sysfs_root': cleanups.folder(),
      ...settings,
    },
    within,
  );
  cleanups.add(() => agent.end('SIGKILL'));
  return agent;
}

/** Resolves when `look` does; fails at once when the agent has ended. */
export function waitOn<T>(
  agent: Program,
  what: string,
  timeoutMs: number,
  look: () => T | undefined | false,
): Promise<T> {
  const inVain = (): string => `${what}:\n${agent.output()}`;
  return waitFor(inVain, timeoutMs, () => {
    if (!isRunning(agent)) assert.fail(`the agent ended before ${inVain()}`);
    return look();
  });
}

function isRunning({ pid }: Program): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function linesOf(agent: Program, event: string, from = 0): readonly Line[] {
  return agent.lines.slice(from).filter((line) => line.event === event);
}

/** Resolves with the `n`th line of `event`, from 1, that was written from line `from` on. */
export function nth(agent: Program, event: string, n: number, timeoutMs: number, from = 0): Promise<Line> {
  return waitOn(agent, `${event} number ${n}`, timeoutMs, () => linesOf(agent, event, from)[n - 1]);
}

/** The interval in force, in seconds. */
export function intervalSeconds(agent: Program): number {
  const told = agent.lines.findLast((line) => typeof line.intervalSeconds === 'number');
  return Number(told?.intervalSeconds);
}

/** Answered probes since the last drop from line `from` on. */
function answersSinceDrop(agent: Program, from: number): readonly Line[] {
  const lastDrop = agent.lines.findLastIndex((line) => line.event === 'linkLost');
  return lastDrop < from ? [] : linesOf(agent, 'probeAcked', lastDrop);
}

/**
 * Resolves once the agent has run into the limit, from line `from` of its log on, and then stayed below it, near
 * it; fails when that costs more than `MAX_DROPS` connections. Returns the lines that explain them.
 */
export async function settle(agent: Program, limitSeconds: number, from = 0): Promise<readonly Line[]> {
  await waitOn(agent, `the agent to settle below ${limitSeconds} s`, SETTLE_MS, () => {
    const drops = linesOf(agent, 'linkLost', from).length;
    assert.ok(drops <= MAX_DROPS, `${drops} drops:\n${agent.output()}`);
    const answers = answersSinceDrop(agent, from);
    const worthwhile = answers.filter((line) => Number(line.silenceMs) >= limitSeconds * 1000 * WORTHWHILE);
    return worthwhile.length >= ANSWERS_TO_SETTLE;
  });
  return linesOf(agent, 'lapseExplained', from);
}

/** Drops were put down to the path, after silences that the path really punishes, and in the end that was heeded. */
export function assertLearned(explained: readonly Line[], limitSeconds: number): void {
  const said = explained.map((line) => JSON.stringify(line)).join('\n');
  // Conntrack counts in jiffies, from the packet before.
  const punished = explained.filter(
    ({ cause, silenceMs }) => cause === 'path-forgot' && Number(silenceMs) > limitSeconds * 1000 - 200,
  );
  assert.ok(punished.length >= 1, `no drop by the path:\n${said}`);
  assert.ok(explained.length - punished.length <= MAX_OWN_LOSSES, said);
  // A single drop may have been chance; the last one was not.
  const last = punished.at(-1);
  assert.ok(Number(last?.intervalSeconds) * 1000 < Number(last?.silenceMs), JSON.stringify(last));
}
