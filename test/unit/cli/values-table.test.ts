import assert from 'node:assert/strict';
import { it } from 'node:test';
import { valuesTable } from '../../../cli/values-table.ts';
import { AGENT_KEYS } from '../../../config/load.ts';

const DEFAULT = { layer: 'default', detail: null } as const;
const values = [
  { key: 'will_delay', value: 90, origin: DEFAULT },
  { key: 'broker.url', value: `mqtt://${'h'.repeat(50)}`, origin: { layer: 'file', detail: 'a.json5' } },
] as const;

it('shows values as one writes them, all of them where nobody says how wide the reader is', () => {
  const [first, second] = valuesTable(values, AGENT_KEYS, null).split('\n');
  assert.equal(first, `will_delay  ${'90s'.padEnd(59)}  default`);
  assert.equal(second, `broker.url  "mqtt://${'h'.repeat(50)}"  file (a.json5)`);
});

it('cuts a long value on a terminal so that no line wraps, and leaves what tells where it is from', () => {
  const [first, second] = valuesTable(values, AGENT_KEYS, 60).split('\n');
  assert.equal(second, `broker.url  "mqtt://${'h'.repeat(23)}…  file (a.json5)`);
  assert.equal(second?.length, 60);
  assert.equal(first?.length, 'will_delay  '.length + 32 + '  default'.length);
});

it('leaves enough of a value to know it by, however narrow the terminal is', () => {
  assert.match(valuesTable(values, AGENT_KEYS, 10), /"mqtt:\/\/hhhhhhh… {2}file/);
});
