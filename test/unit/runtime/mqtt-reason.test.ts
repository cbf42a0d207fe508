import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addition, reasonText } from '../../../runtime/mqtt-reason.ts';

test('a reason code is told in words, with what the broker adds', () => {
  assert.equal(reasonText(0x93), 'receive maximum exceeded (reason code 147)');
  assert.equal(reasonText(0xfe), 'reason code 254');
  assert.equal(
    reasonText(0x9d, { serverReference: 'b.example:8883', reasonString: 'moved on Monday' }),
    'server moved (reason code 157); it says: moved on Monday; it names another server: b.example:8883',
  );
});

test('what the broker adds is cut', () => {
  assert.equal(addition(undefined), '');
  assert.ok(addition({ reasonString: 'x'.repeat(65_535) }).length < 200);
});
