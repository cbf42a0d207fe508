import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let folder = '';
let program = '';

before(() => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.cache', 'build-'));
  execFileSync(process.execPath, ['scripts/lib/build.mjs', join(folder, 'dist')], { cwd: ROOT });
  program = join(folder, 'dist', 'keepalivehd.js');
});
after(() => rmSync(folder, { recursive: true }));

/** Runs the built program in an environment of its own. */
function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgv: readonly string[] = [],
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgv, program, ...argv], {
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.deepEqual(run(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
});

test('the file can be run as a program', () => {
  assert.ok(readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n'));
  assert.equal(statSync(program).mode & 0o111, 0o111);
});

/** The outside packages that a command had loaded when it ended. */
function packagesLoaded(argv: readonly string[]): string[] {
  const probe = join(folder, 'probe.cjs');
  writeFileSync(
    probe,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'loaded.json'))},
      JSON.stringify(Object.keys(require.cache))));`,
  );
  run(argv, {}, ['--require', probe]);
  const files: string[] = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8'));
  const names = files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? '');
  return [...new Set(names)].filter((name) => name !== '');
}

test('each command loads its own part only', () => {
  assert.deepEqual(packagesLoaded(['--version']), []);
  assert.deepEqual(packagesLoaded(['agent', '--help']), []);
  const agent = packagesLoaded(['agent', '--set', 'keepalive_count=0']);
  assert.ok(agent.includes('winston'));
  for (const name of ['aedes', 'fastify', 'lmdb', 'prom-client', 'node-cron'])
    assert.ok(!agent.includes(name), name);
  const config = packagesLoaded(['config', 'validate', '--set', 'device.name=x']);
  assert.ok(config.includes('convict') && config.includes('json5'));
  assert.ok(!config.includes('winston') && !config.includes('mqtt'));
});

test('a command line that is not understood ends with 2 and one hint', () => {
  const cases: readonly [string[], RegExp][] = [
    [['monitr'], /unknown command monitr; did you mean monitor\?/],
    [['--verson'], /unknown option --verson; did you mean --version\?/],
    [['constructor'], /unknown command constructor/],
    [['agent', '--confg', 'x'], /unknown option --confg; did you mean --config\?/],
    [['agent', 'file.json5'], /agent takes no arguments/],
    [['config'], /config needs an action: show, validate, schema/],
    [['config', 'shw'], /unknown action shw; did you mean show\?/],
    [['config', 'show', '--for', 'agnt'], /did you mean agent\?/],
    [['agent', '--set', 'x'], /--set needs KEY=VALUE/],
    [['monitr', '--help'], /unknown command monitr.*\nTry keepalivehd --help\.$/m],
    [['help', 'monitr'], /unknown command monitr/],
    [['config', 'describe', '--help'], /unknown action describe; known: show, validate, schema/],
    [['agent', 'chek-config', '--help'], /did you mean check-config\?/],
    [['load', 'file', '--help'], /takes options only/],
    [['load', '--device', '5'], /did you mean --devices\?\nTry keepalivehd load --help\.$/m],
    [['fleet', 'push', '--waves'], /--waves needs a value\nTry keepalivehd fleet --help\.$/m],
  ];
  for (const [argv, reason] of cases) {
    const { status, stderr, stdout } = run(argv);
    assert.equal(status, 2, argv.join(' '));
    assert.match(stderr, reason);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(stdout, '');
  }
  assert.equal(run([]).status, 2);
});

test('help is on standard output', () => {
  for (const argv of [
    ['--help'],
    ['agent', '--help'],
    ['monitor', '-h'],
    ['config', '--help'],
    ['help', 'load'],
  ]) {
    const { status, stdout } = run(argv);
    assert.equal(status, 0);
    assert.match(stdout, /Usage:/);
    if (argv.length > 1) assert.match(stdout, /^Usage: keepalivehd (agent|monitor|config|load) /);
  }
});

test('a service with a bad configuration ends with 78 and every problem on a line', () => {
  for (const part of ['agent', 'monitor']) {
    const { status, stderr } = run([part, '--set', 'keepalive_count=0', '--set', 'broker.password=hunter2']);
    assert.equal(status, 78);
    assert.match(stderr, /^keepalive_count: "0" is out of range/m);
    assert.match(stderr, /^broker.username: is missing/m);
    assert.ok(!stderr.includes('hunter2'));
  }
});

test('config validate ends with 0 or 78', () => {
  const named = ['--set', 'device.name=x'];
  assert.equal(run(['config', 'validate', ...named]).status, 0);
  const { status, stdout } = run(['config', 'validate', '--json', ...named, '--set', 'will_delay=-1s']);
  assert.equal(status, 78);
  assert.equal(JSON.parse(stdout).problems[0].key, 'will_delay');
  const off = ['--set', 'sinks.log=false', '--set', 'sinks.mqtt=false'];
  const warned = run(['config', 'validate', '--for', 'monitor', ...off]);
  assert.equal(warned.status, 0);
  assert.match(warned.stdout, /is valid: .*\nwarning: sinks: all are off/);
  assert.match(
    run(['config', 'validate', ...named]).stdout,
    /^The configuration is valid: no file was read \(--config names one\), 1 of \d+ keys are set\.\n$/,
  );
  const file = join(folder, 'agent.json5');
  writeFileSync(file, "{ preset: 'nb-iot', device: { name: 'x' } }");
  const env = { KHD_KEEPALIVE_COUNT: '2', STATE_DIRECTORY: folder };
  const read = run(['config', 'validate', '--config', file, '--set', 'will_delay=5s'], env);
  assert.match(read.stdout, /valid: \/.*agent\.json5, 4 of \d+ keys are set\.$/m, read.stderr);
  assert.match(
    run(['config', 'validate', '--config', '/nonexistent']).stderr,
    /\/nonexistent: does not exist/,
  );
});

test('config show names the origin of each value and masks secrets', () => {
  const env = { KHD_BROKER_PASSWORD: 'hunter2', KHD_BROKER_USERNAME: 'u' };
  const { stdout } = run(
    'config show --set device.name=x --set preset=nb-iot --set path_limits=350s,1200'.split(' '),
    env,
  );
  assert.match(stdout, /^broker\.password +"\*{8}" +environment \(KHD_BROKER_PASSWORD\)$/m);
  assert.match(stdout, /^keepalive_interval +5m +preset \(nb-iot\)$/m);
  assert.match(stdout, /^device\.name +"x" +command line$/m);
  assert.match(stdout, /^keepalive_count +3 +default$/m);
  assert.match(stdout, /^path_limits +\["350s","20m"\] +command line$/m);
  assert.ok(!stdout.includes('hunter2'));
});

test('config schema is JSON Schema of the part asked for', () => {
  const { stdout } = run(['config', 'schema', '--for', 'monitor']);
  const schema = JSON.parse(stdout);
  assert.equal(schema.additionalProperties, false);
  assert.ok('webhook' in schema.properties.sinks.properties);
});
