import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LOAD_OPTIONS, readLoadRequest } from '../../../cli/load-request.ts';
import { readOptions } from '../../../cli/options.ts';
import { UsageError } from '../../../cli/usage-error.ts';
import type { LoadRequest } from '../../../load/generator.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-'));
});
after(() => rmSync(folder, { recursive: true }));

const request = (...argv: string[]): LoadRequest => readLoadRequest(readOptions(argv, LOAD_OPTIONS));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the options of a load', () => {
  it('reads rate and interval as two ways to say the same', () => {
    assert.equal(request('--devices', '1000', '--interval', '500ms').fleet.intervalMs, 500);
    assert.equal(request('--devices', '1000', '--rate', '100').fleet.intervalMs, 10_000);
    assert.equal(request('--devices', '1000').fleet.intervalMs, 50_000);
    assert.equal(request('--interval', '1500ms').promisedSeconds, 2);
    assert.equal(request('--rate', '1000000', '--promise', '1h').promisedSeconds, 3600);
    assert.equal(request('--churn', '12.5').fleet.churnPerMinute, 0.125);
  });

  it('reads whom to kill from a number or a file', () => {
    const path = file('kill.txt', 'load-007\n\n  load-991 \n');
    assert.deepEqual(request('--kill', '3@1m', '--kill', `${path}@5`).kills, [
      { atMs: 60_000, devices: [0, 1, 2] },
      { atMs: 5000, devices: [7, 991] },
    ]);
  });

  it('lets devices say goodbye where they said who they are, unless told not to', () => {
    assert.equal(request().saysGoodbye, true);
    assert.equal(request('--no-goodbye').saysGoodbye, false);
    assert.equal(request('--no-status').saysGoodbye, false);
  });

  it('takes a broker of this machine, and another only when forced', () => {
    for (const url of ['mqtt://127.0.0.1:1', 'mqtt://localhost', 'mqtt://[::1]:1883', 'mqtts://127.3.2.1']) {
      assert.equal(request('--broker', url).broker.url.href, new URL(url).href);
    }
    const remote = ['--broker', 'mqtt://broker.example:1883'];
    assert.throws(() => request(...remote), /broker\.example is not this machine.*--force-remote/);
    assert.equal(request(...remote, '--force-remote').broker.url.host, 'broker.example:1883');
  });

  it('reads a password from a file only', () => {
    const { broker } = request('--username', 'u', '--password-file', file('secret', 'hunter2\n'));
    assert.deepEqual([broker.username, broker.password], ['u', 'hunter2']);
  });

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--devices', '0'], /--devices: "0" is not a whole number from 1 to 16000000/],
    [['--devices', '10', '--kill', '11@1s'], /--kill: "11" is not a whole number from 1 to 10/],
    [['--kill', '5'], /--kill: "5" is not understood; write N@TIME or FILE@TIME/],
    [
      ['--kill', '5@61s'],
      /--kill: "5@61s" comes after the end; kill within --duration 1m, or make that longer/,
    ],
    [['--kill', '5@soon'], /--kill: "5@soon" is not understood/],
    [['--kill', '/nowhere/at/all@5'], /--kill: "\/nowhere\/at\/all" cannot be read \(ENOENT\)/],
    [['--duration', '2h'], /--duration: "2h" is not a duration from 1s to 1h/],
    [['--interval', '0'], /--interval: "0" is not a duration from 100ms/],
    [['--rate', '5', '--interval', '5s'], /--rate and --interval contradict each other/],
    [['--devices', '100000', '--rate', '1'], /--rate: .* at most 65535 s can be promised/],
    [['--promise', '500ms'], /--promise: "500ms" is not a duration from 1s/],
    [['--qos', '2'], /--qos: "2" is not a whole number from 0 to 1/],
    [['--count', '101'], /--count: "101" is not a whole number from 1 to 100/],
    [['--prefix', 'a/b'], /--prefix: "a\/b" makes no device names/],
    [['--prefix', 'x'.repeat(62)], /--prefix: .* makes no device names/],
    [['--broker', 'http://127.0.0.1'], /--broker: is no address of a broker/],
    [['--broker', 'mqtt://u:p@127.0.0.1'], /--broker: .*credentials apart/],
    [['--password-file', 'x'], /--password-file: needs --username/],
    [['--username', 'u', '--password-file', '/nowhere'], /--password-file: "\/nowhere" does not exist/],
  ];
  for (const [argv, message] of refused) {
    it(`refuses ${argv.join(' ').slice(0, 60)}`, () => {
      assert.throws(
        () => request(...argv),
        (error: unknown) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  it('names the line of a kill list that is no device of the load', () => {
    assert.throws(
      () => request('--kill', `${file('bad.txt', 'load-001\nload-1\n')}@5`),
      /line 2: "load-1" is no device of this load; they are named load-000/,
    );
  });
});
