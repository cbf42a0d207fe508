import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRecordText, recordText } from '../../../../../../monitor/io/stores/redis/record-text.ts';
import { recordOf } from '../../samples.ts';

describe('a record as the shared store has it', () => {
  it('comes back as it was, with how its session ended', () => {
    for (const end of [null, 'offline', 'leaving'] as const) {
      const record = recordOf('a', { state: 'late', network: 'n 1', reason: 'a {"b"} c' });
      const text = recordText(record, end, 1234.4);
      assert.deepEqual(parseRecordText(`7 ${text}`), { version: 7, end, endMs: 1234, record });
    }
  });

  it('keeps its version when it is torn, so that the next sign of life can replace it', () => {
    const whole = `12 ${recordText(recordOf('a'), 'offline', 5)}`;
    for (let length = 0; length < whole.length; length += 1) {
      const { version, record } = parseRecordText(whole.slice(0, length));
      assert.equal(record, null);
      assert.equal(version, length < 2 ? Number(whole.slice(0, length)) : 12);
    }
    assert.equal(parseRecordText('none').version, 0);
  });
});
