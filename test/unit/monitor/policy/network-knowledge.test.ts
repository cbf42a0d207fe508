import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DAY_MS,
  isMaterial,
  mergeVotes,
  type NetworkVote,
  VOTE_EXPIRES_MS,
  voteWeight,
} from '../../../../monitor/policy/network-knowledge.ts';
import {
  encodeNetworkKnowledge,
  type NetworkKnowledge,
  parseNetworkKnowledge,
} from '../../../../protocol/network-knowledge.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
let named = 0;

function vote(survivesSeconds: number, forgetsSeconds: number | null, ageDays = 0): NetworkVote {
  named += 1;
  return { device: `d${named}`, epoch: 1, atMs: NOW_MS - ageDays * DAY_MS, survivesSeconds, forgetsSeconds };
}

const times = (count: number, make: () => NetworkVote): NetworkVote[] => Array.from({ length: count }, make);

function merged(...votes: (NetworkVote | NetworkVote[])[]): NetworkKnowledge {
  return mergeVotes('n', votes.flat(), NOW_MS) ?? assert.fail('nothing is known');
}

/** The spikes as `survives-forgets`, for reading. */
function spikesOf({ spikes }: NetworkKnowledge): string[] {
  return spikes.map(({ survivesSeconds, forgetsSeconds }) => `${survivesSeconds}-${forgetsSeconds}`);
}

const honest = (): NetworkVote => vote(340, 356);

describe('what devices agree on', () => {
  it('counts for as many devices as say so', () => {
    for (const count of [2, 3, 30]) {
      const knowledge = merged(times(count, honest));
      assert.deepEqual(spikesOf(knowledge), ['340-356']);
      assert.equal(knowledge.devices, count);
      assert.equal(knowledge.weight, count);
    }
  });

  it('is stated so widely that it holds for most of them', () => {
    const knowledge = merged(vote(330, 352), vote(345, 360), vote(338, 350));
    assert.deepEqual(spikesOf(knowledge), ['330-360']);
  });

  it('is the longest silence that two have survived while nobody met a timeout', () => {
    const knowledge = merged(vote(600, null), vote(1800, null), vote(3600, null), vote(1800, null));
    assert.deepEqual(spikesOf(knowledge), ['1800-null']);
    assert.equal(knowledge.devices, 4);
  });

  it('is the timeout where others merely did not reach it', () => {
    const knowledge = merged(
      times(9, () => vote(300, null)),
      times(2, () => vote(3500, 3650)),
    );
    assert.deepEqual(spikesOf(knowledge), ['3500-3650']);
    assert.equal(knowledge.weight, 2);
  });
});

describe('a single device', () => {
  it('is told, at less than a third of a device: a newcomer still explores', () => {
    const knowledge = merged(honest());
    assert.deepEqual(spikesOf(knowledge), ['340-356']);
    assert.equal(knowledge.devices, 1);
    assert.ok(knowledge.weight > 0 && knowledge.weight < 1 / 3);
  });

  it('gains nothing by another that says something else: both are told, and count no more together', () => {
    const knowledge = merged(honest(), vote(60, 62));
    assert.deepEqual(spikesOf(knowledge), ['60-62', '340-356']);
    assert.deepEqual(knowledge.summary, { survivesSeconds: 60, forgetsSeconds: 356 });
    assert.ok(knowledge.weight < 1 / 3);
  });
});

describe('a liar', () => {
  const lies: readonly (readonly [string, NetworkVote])[] = [
    ['far too long', vote(14_000, 14_400)],
    ['that nothing is ever forgotten', vote(65_535, null)],
    ['far too short', vote(0.1, 0.2)],
    ['a little too long', vote(450, 470)],
    ['vaguely', vote(200, 800)],
  ];

  it('moves no more than its own weight among two who agree, and shakes the confidence in them', () => {
    for (const [how, lie] of lies) {
      const knowledge = merged(honest(), honest(), lie);
      // What lies close by cannot be told from an honest difference; the truth stays enclosed.
      assert.equal(knowledge.spikes.length, 1, how);
      const { survivesSeconds, forgetsSeconds } = knowledge.summary;
      assert.ok(survivesSeconds <= 340 && Number(forgetsSeconds) >= 356, how);
      assert.ok(survivesSeconds >= 340 / 2 && Number(forgetsSeconds) <= 356 * 2.5, how);
      assert.ok(knowledge.weight <= 3, how);
    }
    assert.ok(merged(honest(), honest(), vote(14_000, 14_400)).weight < 2);
  });

  it('moves nothing among ten', () => {
    for (const [how, lie] of lies) {
      assert.deepEqual(spikesOf(merged(times(10, honest), lie)), ['340-356'], how);
    }
  });

  it('cannot turn "met none" into a timeout, nor stretch it', () => {
    const open = times(3, () => vote(1800, null));
    for (const lie of [vote(1900, 1950), vote(65_535, null), vote(100, 110)]) {
      assert.deepEqual(spikesOf(merged(open, lie)), ['1800-null']);
    }
  });

  it('needs a fifth of the votes even in company', () => {
    const pair = times(2, () => vote(14_000, 14_400));
    assert.deepEqual(spikesOf(merged(times(9, honest), pair)), ['340-356']);
    assert.deepEqual(spikesOf(merged(times(8, honest), pair)), ['340-356', '14000-14400']);
  });
});

describe('a small minority', () => {
  const short = (count: number) => times(count, () => vote(57, 61));
  const open = (count: number) => times(count, () => vote(1800, null));

  it('is not told against those who survived more, or who forgot earlier', () => {
    assert.deepEqual(spikesOf(merged(short(2), open(9))), ['1800-null']);
    assert.deepEqual(spikesOf(merged(short(2), open(8))), ['57-61', '1800-null']);
    assert.deepEqual(spikesOf(merged(short(9), open(2))), ['57-61']);
    assert.deepEqual(spikesOf(merged(short(8), open(2))), ['57-61', '1800-null']);
  });
});

describe('several timeouts on one network', () => {
  it('are told apart, each with its weight, within one summary', () => {
    const knowledge = merged(
      times(6, () => vote(57, 61)),
      times(3, honest),
      times(3, () => vote(3500, 3650)),
    );
    assert.deepEqual(spikesOf(knowledge), ['57-61', '340-356', '3500-3650']);
    assert.deepEqual(
      knowledge.spikes.map(({ weight }) => weight),
      [6, 3, 3],
    );
    assert.deepEqual(knowledge.summary, { survivesSeconds: 57, forgetsSeconds: 3650 });
  });

  it('include a path that forgets nothing', () => {
    const knowledge = merged(
      times(3, () => vote(57, 61)),
      times(3, () => vote(1800, null)),
    );
    assert.deepEqual(spikesOf(knowledge), ['57-61', '1800-null']);
    assert.equal(knowledge.summary.forgetsSeconds, null);
  });

  it('are at most three: those most devices met', () => {
    const at = (seconds: number, count: number) => times(count, () => vote(seconds, seconds * 1.04));
    const knowledge = merged(at(30, 3), at(60, 2), at(120, 3), at(240, 3));
    assert.deepEqual(
      knowledge.spikes.map(({ survivesSeconds }) => survivesSeconds),
      [30, 120, 240],
    );
  });
});

describe('time', () => {
  it('halves a vote each week and ends it after six', () => {
    assert.equal(voteWeight(NOW_MS, NOW_MS), 1);
    assert.equal(voteWeight(NOW_MS - 7 * DAY_MS, NOW_MS), 0.5);
    assert.equal(voteWeight(NOW_MS - VOTE_EXPIRES_MS, NOW_MS), 0);
    assert.equal(voteWeight(NOW_MS + 1000 * DAY_MS, NOW_MS), 1);
    assert.equal(mergeVotes('n', [vote(340, 356, 42)], NOW_MS), null);
    assert.equal(mergeVotes('n', [], NOW_MS), null);
  });

  it('lets a network that changed be followed: at two who say so both, in the end the new alone', () => {
    const old = (): NetworkVote => vote(600, 620, 5);
    const fresh = (): NetworkVote => vote(290, 305);
    assert.deepEqual(spikesOf(merged(times(5, old), fresh())), ['600-620']);
    assert.deepEqual(spikesOf(merged(times(5, old), times(2, fresh))), ['290-305', '600-620']);
    assert.deepEqual(spikesOf(merged(times(1, old), times(6, fresh))), ['290-305']);
    const gone = times(5, () => vote(600, 620, 28));
    assert.deepEqual(spikesOf(merged(gone, times(2, fresh))), ['290-305']);
  });
});

describe('the merge', () => {
  const anyVote = fc
    .record({
      device: fc.integer({ min: 0, max: 9 }).map((index) => `d${index}`),
      ageDays: fc.double({ min: -1, max: 45, noNaN: true }),
      survivesSeconds: fc.oneof(
        fc.constantFrom(60, 300, 350),
        fc.double({ min: 0.1, max: 65_535, noNaN: true }),
      ),
      ratio: fc.option(fc.double({ min: 1.01, max: 4, noNaN: true })),
    })
    .map(({ device, ageDays, survivesSeconds, ratio }) => ({
      device,
      epoch: 1,
      atMs: NOW_MS - ageDays * DAY_MS,
      survivesSeconds,
      forgetsSeconds: ratio === null ? null : survivesSeconds * ratio,
    }));
  const anyVotes = fc.uniqueArray(anyVote, { selector: ({ device }) => device, maxLength: 10 });

  it('is the same in every order', () => {
    const shuffled = anyVotes.chain((votes) =>
      fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length })),
    );
    fc.assert(
      fc.property(shuffled, ([votes, other]) => {
        assert.deepEqual(mergeVotes('n', votes, NOW_MS), mergeVotes('n', other, NOW_MS));
      }),
      { numRuns: 2000 },
    );
  });

  it('always comes to something that can be told, in order, and no weightier than its devices', () => {
    fc.assert(
      fc.property(anyVotes, (votes) => {
        const knowledge = mergeVotes('n', votes, NOW_MS);
        if (knowledge === null) return assert.ok(votes.every(({ atMs }) => voteWeight(atMs, NOW_MS) === 0));
        assert.ok(knowledge.weight > 0 && knowledge.weight <= knowledge.devices + 1e-9);
        assert.ok(knowledge.devices <= votes.length);
        const total = knowledge.spikes.reduce((sum, { weight }) => sum + weight, 0);
        assert.ok(Math.abs(total - knowledge.weight) < 1e-9);
        for (const { survivesSeconds, forgetsSeconds } of knowledge.spikes) {
          assert.ok(survivesSeconds < (forgetsSeconds ?? Number.POSITIVE_INFINITY));
          assert.ok(survivesSeconds >= knowledge.summary.survivesSeconds);
        }
        assert.equal(parseNetworkKnowledge(encodeNetworkKnowledge(knowledge)).ok, true);
      }),
      { numRuns: 2000 },
    );
  });

  it('of any four who agree holds against any fifth', () => {
    const lie = fc.tuple(
      fc.double({ min: 0.1, max: 60_000, noNaN: true }),
      fc.option(fc.double({ min: 1.01, max: 4, noNaN: true })),
    );
    fc.assert(
      fc.property(lie, ([survivesSeconds, ratio]) => {
        const lied = vote(survivesSeconds, ratio === null ? null : survivesSeconds * ratio);
        const { spikes, summary } = merged(times(4, honest), lied);
        assert.equal(spikes.length, 1);
        assert.ok(summary.survivesSeconds <= 340 && Number(summary.forgetsSeconds) >= 356);
        assert.ok(summary.survivesSeconds > 340 / 2.6 && Number(summary.forgetsSeconds) < 356 * 2.6);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a material change', () => {
  const base = merged(times(4, honest));

  it('is one of more than 3 % in time, a half in weight, in number, or in kind', () => {
    const [spike] = base.spikes;
    assert.ok(spike);
    const changed = (change: object): NetworkKnowledge => ({ ...base, spikes: [{ ...spike, ...change }] });
    assert.equal(isMaterial(null, null), false);
    assert.equal(isMaterial(base, null), true);
    assert.equal(isMaterial(null, base), true);
    assert.equal(isMaterial(base, { ...base, devices: 5 }), false);
    assert.equal(isMaterial(base, { ...base, spikes: [spike, spike] }), true);
    const cases: readonly (readonly [object, boolean])[] = [
      [{ survivesSeconds: 331 }, false],
      [{ survivesSeconds: 329 }, true],
      [{ forgetsSeconds: 366 }, false],
      [{ forgetsSeconds: 367 }, true],
      [{ forgetsSeconds: null }, true],
      [{ weight: 5.9 }, false],
      [{ weight: 6.1 }, true],
      [{ weight: 2.6 }, true],
    ];
    for (const [change, material] of cases) {
      assert.equal(isMaterial(base, changed(change)), material, JSON.stringify(change));
    }
  });
});
