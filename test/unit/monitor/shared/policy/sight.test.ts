import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scoreOf } from '../../../../../monitor/shared/policy/deadline-score.ts';
import { liveRecord, type Sight, silentSinceMs } from '../../../../../monitor/shared/policy/sight.ts';
import { recordOf } from '../../io/samples.ts';

const WALL_MS = 1_700_000_000_000;
const VITALS = { batteryPercent: 7, signalDbm: null, rttMs: 90, reconnects: 1 };

function sightOf(fields: Partial<Sight>): Sight {
  const none = { end: null, endMs: 0, alert: null, notice: null, vitals: null };
  return { device: 'a', version: 1, record: recordOf('a'), score: null, ...none, ...fields };
}

describe('a device as the shared store has it', () => {
  it('has been silent since what its deadline tells: one interval back, or all of them when it is late', () => {
    const score = scoreOf(160_000, 40);
    assert.equal(silentSinceMs('alive', 3, score), 120_000);
    assert.equal(silentSinceMs('late', 3, score), 40_000);
  });

  it('was last heard as long ago as its deadline says, with the promise and vitals of that moment', () => {
    const sight = sightOf({ score: scoreOf(160_000, 40), vitals: VITALS });
    const record = liveRecord(sight, { attentiveMs: 128_000, wallMs: WALL_MS });
    assert.deepEqual(record, {
      ...recordOf('a'),
      promisedSeconds: 40,
      lastHeardMs: WALL_MS - 8000,
      vitals: VITALS,
    });
  });

  it('was not heard later than now, whatever the clocks of others say', () => {
    const record = liveRecord(sightOf({ score: scoreOf(160_000, 40) }), { attentiveMs: 0, wallMs: WALL_MS });
    assert.equal(record?.lastHeardMs, WALL_MS);
  });

  it('was last heard as its record says when its deadline was extended, or it has none', () => {
    const moment = { attentiveMs: 128_000, wallMs: WALL_MS };
    const extended = sightOf({ score: scoreOf(160_000, 40, true) });
    assert.equal(liveRecord(extended, moment)?.lastHeardMs, recordOf('a').lastHeardMs);
    assert.deepEqual(liveRecord(sightOf({}), moment), recordOf('a'));
    assert.deepEqual(liveRecord(sightOf({ vitals: VITALS }), moment), { ...recordOf('a'), vitals: VITALS });
  });

  it('is nobody without a record', () => {
    assert.equal(liveRecord(sightOf({ record: null }), { attentiveMs: 0, wallMs: 0 }), null);
  });
});
