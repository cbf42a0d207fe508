/** `keepalivehd monitor check-config` against a broker that is there, one that denies, and one that is not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { PROGRAM } from '../support/process.ts';

interface Finding {
  readonly check: string;
  readonly outcome: string;
  readonly detail: string;
  readonly fix: string | null;
}

describe('monitor check-config', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  function check(settings: Readonly<Record<string, string>>, ...argv: string[]) {
    const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const given = [PROGRAM, 'monitor', 'check-config', ...argv, ...sets];
    const { status, stdout, stderr } = spawnSync(process.execPath, given, {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  }

  function findingOf(stdout: string, key: string): Finding {
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    return findings.find((finding) => finding.check === key) ?? assert.fail(stdout);
  }

  it('says without looking around whether the configuration is valid: 0 or 78', () => {
    const good = check({ grace: '10s' });
    assert.deepEqual([good.status, good.stderr], [0, '']);
    assert.match(
      good.stdout,
      /^ok +configuration +valid; no file was read \(--config names one\), 1 of \d+ keys are set\n$/,
    );
    const bad = check({ grace: '5 parsecs', 'broker.password_file': '/nowhere' });
    assert.equal(bad.status, 78);
    assert.match(
      bad.stdout,
      /^FAILED +grace +"5 parsecs" is not a duration \(from the command line\); write /m,
    );
    assert.match(bad.stdout, /^FAILED +broker\.password_file +"\/nowhere" does not exist/m);
    assert.equal(JSON.parse(check({ grace: 'x' }, '--json').stdout).ok, false);
  });

  it('tries broker, folder, address and sinks with --connect', async () => {
    const broker = await startMosquitto({
      config: ['acl_file {folder}/acl'],
      files: {
        acl: 'user good\ntopic readwrite khd/1/#\nuser deaf\ntopic write khd/1/#\n',
      },
    });
    cleanups.add(() => broker.remove());
    const settings = {
      'broker.url': broker.url,
      'broker.username': 'good',
      data_directory: cleanups.folder(),
      'http.listen': '127.0.0.1:0',
    };
    const good = check(settings, '--connect', '--json');
    assert.equal(good.status, 0, good.stdout);
    assert.match(findingOf(good.stdout, 'broker').detail, /takes it in, MQTT 5, and back in \d+ ms$/);
    assert.equal(findingOf(good.stdout, 'sinks.mqtt').outcome, 'ok');

    // Mosquitto grants the subscription all the same, and then delivers nothing.
    const deaf = check(
      { ...settings, 'broker.username': 'deaf', 'broker.connect_timeout': '6s' },
      '--connect',
      '--json',
    );
    assert.equal(deaf.status, 1, deaf.stdout);
    assert.match(findingOf(deaf.stdout, 'broker').detail, /does not come back|may not subscribe/);

    const away = check(
      {
        ...settings,
        'broker.url': `mqtt://127.0.0.1:${await freePort()}`,
        'sinks.webhook.url': `http://127.0.0.1:${await freePort()}/hook`,
      },
      '--connect',
      '--json',
    );
    assert.equal(away.status, 1);
    assert.match(findingOf(away.stdout, 'broker').detail, /ECONNREFUSED/);
    assert.match(findingOf(away.stdout, 'broker').fix ?? '', /^broker\.url: nobody listens at /);
    assert.equal(findingOf(away.stdout, 'sinks.webhook').outcome, 'failed');
    assert.equal(findingOf(away.stdout, 'data_directory').outcome, 'ok');
  });
});
