/** From the start of the process until it knows that the broker has accepted it. */
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { median, round } from '../../monitor/statistics.ts';
import type { Profile } from '../options.ts';
import { activityOf } from '../process-facts.ts';
import { type Subject, startAgent, startStock, type World } from '../subjects.ts';

export interface StartFigures {
  readonly startRatio: number;
  /** The same of the processor time, which other programs on the machine disturb less. */
  readonly startCpuRatio: number;
  readonly agentStartMs: number;
  readonly stockStartMs: number;
}

/** Both in turns. Neither has a TLS session to resume. */
export async function measureStart(
  cleanups: Cleanups,
  world: World,
  profile: Profile,
): Promise<StartFigures> {
  const times: Record<'agent' | 'stock', { wall: number[]; cpu: number[] }> = {
    agent: { wall: [], cpu: [] },
    stock: { wall: [], cpu: [] },
  };
  const once = async (name: 'agent' | 'stock', subject: Subject, text: string): Promise<void> => {
    const ms = await subject.said(text);
    times[name].wall.push(ms);
    times[name].cpu.push(activityOf(subject.pid).cpuMs);
    await subject.end();
  };
  for (let done = 0; done < profile.startRounds; done += 1) {
    await once('stock', startStock(cleanups, world), 'connected');
    await once('agent', startAgent(cleanups, world, { intervalSeconds: 60 }), '"linkUp"');
  }
  const { agent, stock } = times;
  return {
    startRatio: round(median(agent.wall) / median(stock.wall), 3),
    startCpuRatio: round(median(agent.cpu) / median(stock.cpu), 3),
    agentStartMs: round(median(agent.wall), 0),
    stockStartMs: round(median(stock.wall), 0),
  };
}
