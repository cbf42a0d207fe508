import assert from 'node:assert/strict';
import { it } from 'node:test';
import { changeLines, differences } from '../../../../cli/fleet/difference.ts';

it('names each setting that changes, comes or goes, and no other', () => {
  const before = {
    keepalive_interval: '30s',
    broker: { url: 'mqtt://a', username: 'u' },
    path_limits: ['350s'],
  };
  const after = {
    keepalive_interval: '45s',
    broker: { url: 'mqtt://a', password: 'p' },
    path_limits: ['350s'],
  };
  assert.deepEqual(differences(before, after), [
    { key: 'broker.password', before: undefined, after: 'p' },
    { key: 'broker.username', before: 'u', after: undefined },
    { key: 'keepalive_interval', before: '30s', after: '45s' },
  ]);
  assert.deepEqual(differences(after, after), []);
});

it('shows values as written, and never a secret', () => {
  const lines = changeLines(
    differences(
      { broker: { password: 'old-word' }, will_delay: '5s' },
      { broker: { password: 'new-word' }, max_detection: '10m' },
    ),
  );
  assert.deepEqual(lines, [
    '  broker.password  ******** -> ********',
    '  max_detection    not pushed -> "10m"',
    '  will_delay       "5s" -> not pushed (default "10s")',
  ]);
});
