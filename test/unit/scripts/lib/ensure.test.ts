/** The shell functions, with a PATH that holds only what each case allows. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const BASE_TOOLS = ['bash', 'cat', 'mkdir', 'tail', 'id', 'env'];
const realBash = '/bin/bash';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-ensure-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a command into the case's only PATH folder. */
function fake(name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!${realBash}\n${script}\n`);
  chmodSync(file, 0o755);
}

function run(script: string) {
  for (const tool of BASE_TOOLS) {
    const real = spawnSync(realBash, ['-c', `type -P ${tool}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(real, join(folder, tool));
  }
  // The functions add the administrator's folders to PATH, where the real parts are.
  const source = readFileSync(resolve('scripts/lib/ensure.sh'), 'utf8').replace(/^PATH=.*$/m, '');
  writeFileSync(join(folder, 'ensure.sh'), source);
  return spawnSync(realBash, ['-c', `set -euo pipefail; . ./ensure.sh; ${script}`], {
    cwd: folder,
    env: { PATH: folder },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const calls = (): string => readFileSync(join(folder, 'calls'), 'utf8');

test('ensure_node takes a recent node as it is, without a word', () => {
  fake('node', 'echo 22');
  fake('npm', 'exit 1');
  const { status, stdout, stderr } = run('ensure_node; echo fine');
  assert.deepEqual([status, stdout, stderr], [0, 'fine\n', '']);
});

test('ensure_node brings its own node where the present one is too old', () => {
  fake('node', 'if [ "$1" = --version ]; then echo v18.20.0; else echo 18; fi');
  const own = '.cache/node/node_modules/node/bin';
  fake(
    'npm',
    `echo "$@" >>calls; mkdir -p ${own}; printf '#!${realBash}\\necho 22\\n' >${own}/node; chmod +x ${own}/node`,
  );
  symlinkSync('/bin/chmod', join(folder, 'chmod'));
  const { status, stdout } = run('ensure_node; node');
  assert.deepEqual([status, stdout], [0, '22\n']);
  assert.match(calls(), /^install --prefix .*node@22$/m);
});

test('ensure_node says what to do where nothing helps', () => {
  fake('node', 'if [ "$1" = --version ]; then echo v18.20.0; else echo 18; fi');
  fake('npm', 'echo the registry is away; exit 1');
  const { status, stderr } = run('ensure_node');
  assert.equal(status, 1);
  assert.match(stderr, /the registry is away/);
  assert.match(stderr, /error: this needs Node 20 or later \(found: v18\.20\.0\); install it from/);
});

test('ensure_apt leaves alone what is there', () => {
  fake('mosquitto', 'exit 0');
  fake('apt-get', 'echo "$@" >>calls');
  const { status, stderr } = run('ensure_apt mosquitto');
  assert.deepEqual([status, stderr], [0, '']);
  assert.throws(calls);
});

test('ensure_apt updates the lists once when the package is not in them', () => {
  fake('id', 'echo 0');
  fake(
    'apt-get',
    'echo "$@" >>calls; case $1 in update) : >updated ;; *) [ -e updated ] || { echo not found; exit 100; } ;; esac',
  );
  BASE_TOOLS.splice(BASE_TOOLS.indexOf('id'), 1);
  const { status, stderr } = run('ensure_apt mosquitto nginx');
  BASE_TOOLS.push('id');
  assert.equal(status, 0, stderr);
  assert.equal(stderr, 'installing mosquitto nginx\n');
  assert.deepEqual(
    calls()
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    ['install', 'update', 'install'],
  );
});

test('ensure_apt says what to install where it cannot', () => {
  const { status, stderr } = run('ensure_apt mosquitto');
  assert.equal(status, 1);
  assert.match(stderr, /error: this needs mosquitto; install it with your system's package manager/);
});

test('ensure_npm installs once per lock file, and again when it changes', () => {
  symlinkSync(process.execPath, join(folder, 'node'));
  fake('npm', 'echo "$@" >>calls; mkdir -p node_modules');
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  const { status, stderr } = run(
    'ensure_npm; ensure_npm; echo "{ }" >package-lock.json; ensure_npm; ensure_npm',
  );
  assert.equal(status, 0, stderr);
  assert.equal(calls().trim().split('\n').length, 2);
});

test('a failed npm ci shows its output and leaves no stamp behind', () => {
  symlinkSync(process.execPath, join(folder, 'node'));
  fake('npm', 'mkdir -p node_modules; echo EINTEGRITY; exit 1');
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  const { status, stderr } = run('ensure_npm');
  assert.equal(status, 1);
  assert.match(stderr, /EINTEGRITY[\s\S]*error: npm ci failed/);
  assert.throws(() => readFileSync(join(folder, 'node_modules', '.keepalivehd-stamp')));
});
