import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { LogSettings } from '../../../config/settings.ts';
import { createLog, type LogOutput } from '../../../runtime/winston-log.ts';

const NOW = new Date('2026-03-04T05:06:07.089Z');

/** A log into memory, and the lines that arrived. */
function recorded(settings: Partial<LogSettings> = {}, output: LogOutput = {}) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, callback) {
      text += String(chunk);
      callback();
    },
  });
  const log = createLog(
    { level: 'info', format: 'json', ...settings },
    { stream, now: () => NOW, ...output },
  );
  return { log, lines: () => text.split('\n').slice(0, -1), text: () => text };
}

test('JSON: one object a line, with time, level, event, message and the fields', async () => {
  const { log, lines } = recorded();
  log.write('warn', 'linkLost', 'the link is lost', { rttMs: 12, groups: ['a', 'b'], why: null });
  log.write('info', 'linkUp', 'two\nlines');
  await log.flush();
  assert.deepEqual(
    lines().map((line) => JSON.parse(line)),
    [
      {
        time: '2026-03-04T05:06:07.089Z',
        level: 'warn',
        event: 'linkLost',
        message: 'the link is lost',
        rttMs: 12,
        groups: ['a', 'b'],
        why: null,
      },
      { time: '2026-03-04T05:06:07.089Z', level: 'info', event: 'linkUp', message: 'two\nlines' },
    ],
  );
});

test('the level stands before a line whose reader wants it there', async () => {
  for (const format of ['json', 'pretty'] as const) {
    const { log, lines } = recorded({ format }, { color: false, prefix: (level) => `<${level}>` });
    log.write('warn', 'linkLost', 'the link is lost');
    await log.flush();
    assert.match(lines()[0] ?? '', /^<warn>[^<]/);
  }
});

test('a field never takes the place of time, level, event or message', async () => {
  const fields = { time: 'x', level: 'x', event: 'x', message: 'x', splat: 'x', entry: 'x' };
  const json = recorded();
  json.log.write('info', 'real', 'real', fields);
  const pretty = recorded({ format: 'pretty' }, { color: false });
  pretty.log.write('info', 'real', 'real', fields);
  await Promise.all([json.log.flush(), pretty.log.flush()]);
  const line = JSON.parse(json.lines()[0] ?? '');
  assert.deepEqual(
    [line.time, line.level, line.event, line.message],
    [NOW.toISOString(), 'info', 'real', 'real'],
  );
  assert.deepEqual([line.field_level, line.field_event, line.splat, line.entry], ['x', 'x', 'x', 'x']);
  assert.equal(
    pretty.lines()[0],
    '05:06:07.089 info  real event=real field_time=x field_level=x field_event=x field_message=x splat=x entry=x',
  );
});

test('levels below the one set are not written', async () => {
  const { log, lines } = recorded({ level: 'warn' });
  for (const level of ['error', 'warn', 'info', 'debug'] as const) log.write(level, level, level);
  await log.flush();
  assert.deepEqual(
    lines().map((line) => JSON.parse(line).level),
    ['error', 'warn'],
  );
});

test('auto is readable on a terminal and JSON elsewhere', async () => {
  const terminal = recorded({ format: 'auto' }, { isTerminal: true, color: false });
  const service = recorded({ format: 'auto' }, { isTerminal: false });
  for (const { log } of [terminal, service]) {
    log.write('info', 'up', 'hello', { name: 'a b' });
    await log.flush();
  }
  assert.equal(terminal.text(), '05:06:07.089 info  hello event=up name="a b"\n');
  assert.doesNotThrow(() => JSON.parse(service.text()));
});

test('colour only where it is wanted', async () => {
  const painted = recorded({ format: 'pretty' }, { color: true });
  painted.log.write('error', 'e', 'm');
  await painted.log.flush();
  assert.ok(painted.text().includes('\u001b[31merror\u001b[0m'));
  const before = process.env.NO_COLOR;
  process.env.NO_COLOR = '1';
  try {
    const plain = recorded({ format: 'auto' }, { isTerminal: true });
    plain.log.write('error', 'e', 'm');
    await plain.log.flush();
    assert.ok(!plain.text().includes('\u001b'));
  } finally {
    if (before === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before;
  }
});

test('a readable line stays one line, whatever a field holds', async () => {
  const { log, text } = recorded({ format: 'pretty' }, { color: false });
  log.write('info', 'x', 'a\nb\u001b[2J', {
    'k\n': 'v\r\n\u001b]0;t\u0007',
    bidi: '\u202eabc',
    line: '\u2028',
  });
  await log.flush();
  assert.equal(text().split('\n').length, 2);
  assert.doesNotMatch(text().trimEnd(), /[\p{Cc}\p{Zl}\u202e]/u);
});

test('flush waits for a slow output, and for no later line', async () => {
  const arrived: string[] = [];
  const release: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write(chunk, _encoding, callback) {
      release.push(() => {
        arrived.push(String(chunk));
        callback();
      });
    },
  });
  const log = createLog({ level: 'info', format: 'json' }, { stream });
  for (let n = 0; n < 50; n += 1) log.write('info', 'n', String(n));
  let flushed = false;
  const flush = log.flush().then(() => {
    flushed = true;
  });
  log.write('info', 'n', 'later');
  while (arrived.length < 49) {
    release.shift()?.();
    await new Promise(setImmediate);
  }
  assert.equal(flushed, false);
  while (arrived.length < 50) {
    release.shift()?.();
    await new Promise(setImmediate);
  }
  await flush;
  assert.equal(arrived.length, 50);
});

test('a broken pipe neither crashes nor holds up a flush', async () => {
  const stream = new Writable({
    write(_chunk, _encoding, callback) {
      callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const log = createLog({ level: 'info', format: 'json' }, { stream });
  log.write('info', 'a', 'a');
  await log.flush();
  for (let n = 0; n < 100; n += 1) log.write('info', 'b', 'b');
  await log.flush();
});
