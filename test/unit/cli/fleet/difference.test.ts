import assert from 'node:assert/strict';
import { it } from 'node:test';
import { basisLine, changeLines, differences } from '../../../../cli/fleet/difference.ts';

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

it('shows what the file at hand says where nothing is pushed, not the default', () => {
  const own = new Map([['will_delay', 'a1.json5: 3s']]);
  assert.deepEqual(changeLines(differences({}, { will_delay: '5s' }), own), [
    '  will_delay  not pushed (a1.json5: 3s) -> "5s"',
  ]);
});

it('says what the difference is against', () => {
  assert.match(
    basisLine(4, new Map()),
    /against v4, which was pushed before\.\n.*each device's own file says\.$/,
  );
  assert.match(
    basisLine(0, new Map([['a', 'b']])),
    /nothing was pushed .*\n.* the one that --config names\.$/,
  );
  assert.match(basisLine(null, new Map()), /the monitor was not asked/);
});
