/** Whoever meets an event in the log finds it in docs/log-events.md, and finds none there that is never written. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const FOLDERS = ['agent', 'monitor', 'runtime', 'cli'];
const TABLE = 'docs/log-events.md';

/** A level, or an expression that gives one, and then the event. */
const WRITTEN =
  /\(\s*(?:\w+,\s*)?(?:(?:[\w.]+ \? )?'(?:error|warn|info|debug)'(?: : '(?:error|warn|info|debug)')?|[\w.]*[lL]evel),\s*'([a-z][A-Za-z]+)'/g;
/** The tables of the sink `log` and of rollouts. */
const TOLD = /: '((?:alert|incident)(?:Opened|Grown|Reminded|Resolved)|rollout[A-Z][A-Za-z]+)'/g;

function eventsOf(source: string): string[] {
  return [WRITTEN, TOLD].flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''));
}

test('the events of a source are recognised', () => {
  const source = `log.write('warn', 'aB', x); say(draft, 'info', 'cD'); say(draft, effect.level, 'eF', y);
    log.write(bad ? 'warn' : 'debug', 'gH'); write(
      'error',
      'iJ',
    ); { opened: 'alertOpened', halted: 'rolloutHalted' } compare('info', message)`;
  assert.deepEqual(eventsOf(source), ['aB', 'cD', 'eF', 'gH', 'iJ', 'alertOpened', 'rolloutHalted']);
});

test('every event that is written is explained, and every one that is explained is written', () => {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
  const written = new Set(sources.flatMap(eventsOf));
  assert.ok(written.size > 80, `only ${written.size} found`);
  const rows = readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const explained = new Set(rows.flatMap((row) => row.split(' | ')[0]?.match(/[a-z][A-Za-z]+/g) ?? []));
  const missing = [...written].filter((event) => !explained.has(event));
  assert.deepEqual(missing, [], `explain in ${TABLE}: ${missing.join(', ')}`);
  assert.deepEqual(
    [...explained].filter((event) => !written.has(event)),
    [],
    `never written, yet in ${TABLE}`,
  );
});
