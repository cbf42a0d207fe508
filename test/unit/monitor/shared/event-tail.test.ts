import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Happened } from '../../../../monitor/io/stores/redis/event-reads.ts';
import type { Incident } from '../../../../monitor/policy/incident.ts';
import { EventTail } from '../../../../monitor/shared/event-tail.ts';
import { alertOf, incidentOf, transitionOf } from '../io/samples.ts';

const NOTHING: Happened = { position: '5-0', isCut: false, transitions: [], alerts: [] };

/** A tail over one partition whose store answers `answers` in turn, and what the hub heard of it. */
function tailOver(answers: (Happened | Error)[]) {
  const heard: unknown[] = [];
  const asked: string[] = [];
  const open: Incident[] = [];
  const over: Incident[] = [];
  const state = { doubts: [] as readonly string[], open, over };
  const tail = new EventTail({
    partitions: [
      {
        newest: async () => '5-0',
        after: async (position) => {
          asked.push(position);
          const answer = answers.shift() ?? NOTHING;
          if (answer instanceof Error) throw answer;
          return answer;
        },
      },
    ],
    incidents: { open: async () => state.open, resolved: async () => state.over },
    doubts: () => state.doubts,
    hub: {
      committed: ({ transitions, alerts }) => void heard.push(...transitions, ...alerts),
      incidentChanged: (incident) => void heard.push(incident),
      doubted: (doubts) => void heard.push(doubts),
    },
    log: { write: () => {}, flush: async () => {} },
  });
  return { tail, heard, asked, state };
}

describe('the events of a fleet that many monitors share', () => {
  it('begin behind what had happened before, and go on where the last reading ended', async () => {
    const moved = transitionOf('a', 1);
    const alert = alertOf('a', 1);
    const { tail, heard, asked } = tailOver([
      { ...NOTHING, position: '7-1', transitions: [moved], alerts: [alert] },
    ]);
    await tail.look(0);
    assert.deepEqual(asked, []);
    await tail.look(0);
    await tail.look(0);
    assert.deepEqual(asked, ['5-0', '7-1']);
    assert.deepEqual(heard, [moved, alert]);
  });

  it('are read to their end at once', async () => {
    const [first, second] = [transitionOf('a', 1), transitionOf('b', 1)];
    const { tail, heard } = tailOver([
      { ...NOTHING, isCut: true, transitions: [first] },
      { ...NOTHING, transitions: [second] },
    ]);
    await tail.look(0);
    await tail.look(0);
    assert.deepEqual(heard, [first, second]);
  });

  it('are told later when the store was away, none twice', async () => {
    const [first, second] = [transitionOf('a', 1), transitionOf('b', 1)];
    const { tail, heard, asked } = tailOver([
      { ...NOTHING, position: '6-0', isCut: true, transitions: [first] },
      new Error('away'),
      { ...NOTHING, position: '7-0', transitions: [second] },
    ]);
    await tail.look(0);
    await tail.look(0);
    await tail.look(0);
    assert.deepEqual(asked, ['5-0', '6-0', '6-0']);
    assert.deepEqual(heard, [first, second]);
  });

  it('are read by one reading at a time', async () => {
    const { tail, heard } = tailOver([{ ...NOTHING, transitions: [transitionOf('a', 1)] }]);
    await tail.look(0);
    await Promise.all([tail.look(0), tail.look(0)]);
    assert.equal(heard.length, 1);
  });

  it('have each doubt when it changes', async () => {
    const { tail, heard, state } = tailOver([]);
    await tail.round();
    state.doubts = ['link-lost'];
    await tail.round();
    await tail.round();
    state.doubts = [];
    await tail.round();
    assert.deepEqual(heard, [['link-lost'], []]);
  });

  it('have an incident when it opens, changes and ends; not those from before', async () => {
    const [old, incident] = [incidentOf('old'), incidentOf('new')];
    const grown = { ...incident, summary: 'more of them' };
    const ended = { ...grown, resolvedMs: 9 };
    const { tail, heard, state } = tailOver([]);
    state.open = [old];
    await tail.round();
    state.open = [old, incident];
    await tail.round();
    await tail.round();
    state.open = [old, grown];
    await tail.round();
    state.open = [old];
    state.over = [ended, { ...incidentOf('long ago'), resolvedMs: 1 }];
    await tail.round();
    assert.deepEqual(heard, [incident, grown, ended]);
  });
});
