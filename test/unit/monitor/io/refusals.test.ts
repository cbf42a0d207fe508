import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refusals } from '../../../../monitor/io/refusals.ts';
import { FakeClock, FakeLog } from './fakes.ts';

describe('refused messages', () => {
  it('are all counted, and named once a minute for each reason', async () => {
    const clock = new FakeClock();
    const log = new FakeLog();
    const refusals = new Refusals(log, clock);
    for (let turn = 0; turn < 1000; turn += 1)
      refusals.add('probe-bad-length', `khd/1/${'x'.repeat(60_000)}/probe`);
    refusals.add('status-not-json', 'khd/1/a/status');
    assert.equal(log.lines.length, 2);
    assert.ok(String(log.lines[0]?.fields.topic).length <= 120);
    await clock.pass(60_000);
    refusals.add('probe-bad-length', 'khd/1/a/probe');
    assert.equal(log.lines.length, 3);
    assert.equal(log.lines[2]?.fields.sinceLastSaid, 1000);
    assert.deepEqual(
      [...refusals.totals()],
      [
        ['probe-bad-length', 1001],
        ['status-not-json', 1],
      ],
    );
  });
});
