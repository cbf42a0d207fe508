/** The rules and the dashboard that ship, against promtool, a real monitor and a real Prometheus. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { encodeProbe } from '../../../protocol/probe.ts';
import { probeTopic } from '../../../protocol/topics.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startDaemon } from '../support/daemon.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const RULES = join(DOCS, 'prometheus/rules.yml');
const PATIENCE_MS = 60_000;

interface Answer {
  readonly data: {
    readonly activeTargets?: readonly { readonly health: string }[];
    readonly alerts?: readonly { readonly labels: { readonly alertname: string }; readonly state: string }[];
  };
}

describe('Prometheus', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('finds that each alert fires for what it is for, and for nothing less', () => {
    execFileSync('promtool', ['check', 'rules', RULES], { stdio: 'pipe' });
    execFileSync('promtool', ['test', 'rules', join(DOCS, 'prometheus/rules.test.yml')], { stdio: 'pipe' });
  });

  it('alerts for a dead device of a real monitor, which has every metric that we name', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const monitor = await startMonitor({ 'broker.url': broker.url, data_directory: cleanups.folder() });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();

    const exposed = await (await fetch(`${monitor.http}/metrics`)).text();
    const dashboard = readFileSync(join(DOCS, 'grafana/dashboard.json'), 'utf8');
    const named = `${readFileSync(RULES, 'utf8')}${dashboard}`.match(/\b(khd|process)_[a-z_]+/g) ?? [];
    assert.ok(named.length > 20);
    for (const name of new Set(named)) assert.match(exposed, new RegExp(`^# TYPE ${name} `, 'm'));

    const folder = cleanups.folder();
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: ['${RULES}']
scrape_configs:
  - job_name: keepalivehd
    static_configs: [{ targets: ['${new URL(monitor.http).host}'] }]
`,
    );
    const url = `http://127.0.0.1:${await freePort()}`;
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    await startDaemon(
      cleanups,
      ['prometheus', ...flags, `--web.listen-address=${new URL(url).host}`],
      async () => {
        try {
          return (await fetch(`${url}/-/ready`)).ok;
        } catch {
          return false;
        }
      },
    );
    const ask = async (what: string): Promise<Answer['data']> =>
      ((await (await fetch(`${url}/api/v1/${what}`)).json()) as Answer).data;
    await waitFor(
      'the target to be up',
      PATIENCE_MS,
      async () => (await ask('targets')).activeTargets?.[0]?.health === 'up',
    );
    const firing = async (): Promise<boolean> =>
      ((await ask('alerts')).alerts ?? []).some(
        ({ labels, state }) => labels.alertname === 'KeepAliveHDDevicesDead' && state === 'firing',
      );
    assert.equal(await firing(), false);

    const device = new FakeDevice('pump', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    const said = { promisedSeconds: 1, repeat: false, externalPower: false, vitals: null };
    await device.publish(probeTopic('pump'), encodeProbe(said));
    await waitFor('the alert', PATIENCE_MS, firing);
  });
});
