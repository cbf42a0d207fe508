import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCommandSource, parseCommandOutput } from '../../../../../agent/io/signal/command.ts';
import type { CommandResult } from '../../../../../agent/io/signal/run-command.ts';

describe('parseCommandOutput', () => {
  it('reads one number in dBm', () => {
    const texts = ['-71', '-71\n', '-71.5 dBm\n', '\n -71 dbm \nmore\n', '-104dBm'];
    assert.deepEqual(texts.map(parseCommandOutput), [-71, -71, -71.5, -71, -104]);
  });

  it('guesses at nothing else', () => {
    // 17 is a CSQ, 99 its unknown; the others are words about a number.
    for (const text of ['', '17', '99', '0', '-300', 'signal: -71 dBm', '-71 -80', '-71 dB', '--71', 'NaN']) {
      assert.equal(parseCommandOutput(text), null, text);
    }
  });
});

describe('createCommandSource', () => {
  const never = new AbortController().signal;
  const answered = async (result: CommandResult) => {
    const complaints: string[] = [];
    const source = createCommandSource(
      ['signal', '-x'],
      async () => result,
      (detail) => complaints.push(detail),
    );
    return { value: await source.read(never), complaints };
  };

  it('passes the value on', async () => {
    assert.deepEqual(await answered({ kind: 'output', text: '-71\n' }), { value: -71, complaints: [] });
  });

  it('says what is wrong, and gives a program up only when there is none', async () => {
    assert.deepEqual(await answered({ kind: 'missing', detail: 'spawn signal ENOENT' }), {
      value: 'missing',
      complaints: ['spawn signal ENOENT'],
    });
    assert.deepEqual(await answered({ kind: 'failed', detail: 'ended with 1' }), {
      value: null,
      complaints: ['ended with 1'],
    });
    assert.deepEqual(await answered({ kind: 'output', text: '4 bars' }), {
      value: null,
      complaints: ['it printed no signal in dBm, such as -71'],
    });
  });
});
