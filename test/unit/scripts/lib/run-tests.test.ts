import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

let folder = '';
let endToEnd = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-run-tests-'));
  mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(
    join(folder, 'deep', 'er', 'a.test.ts'),
    "import { test } from 'node:test';\ntest('a', () => {});\n",
  );
  writeFileSync(
    join(folder, 'deep', 'b.test.ts'),
    "import { test } from 'node:test';\ntest('b', () => {});\n",
  );
  writeFileSync(join(folder, 'deep', 'helper.ts'), "throw new Error('not a test');\n");
  const red = "import { test } from 'node:test';\ntest('red', () => { throw new Error('red'); });\n";
  writeFileSync(join(folder, 'red.test.ts'), red);
  endToEnd = mkdtempSync(join(tmpdir(), 'khd-run-tests-'));
  mkdirSync(join(endToEnd, 'shaky'));
  mkdirSync(join(endToEnd, 'broken'));
  const shaky =
    "import { existsSync, writeFileSync } from 'node:fs';\nimport { test } from 'node:test';\n" +
    "test('at first', () => { const mark = import.meta.filename + '.ran'; if (existsSync(mark)) return;" +
    " writeFileSync(mark, ''); throw new Error('red at first'); });\n";
  writeFileSync(join(endToEnd, 'shaky', 'shaky.e2e.test.ts'), shaky);
  writeFileSync(join(endToEnd, 'broken', 'broken.e2e.test.ts'), red);
});

after(() => {
  for (const made of [folder, endToEnd]) rmSync(made, { recursive: true, force: true });
});

function run(...args: string[]) {
  // A runner that was started by a runner would report to it instead of to us.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, ['scripts/lib/run-tests.mjs', ...args], { encoding: 'utf8', env });
}

test('runs every test below a folder in one count, which comes last', () => {
  const { status, stdout } = run(join(folder, 'deep'));
  assert.equal(status, 0);
  assert.match(stdout, /# tests 2\n(?:# .*\n)*$/);
  assert.match(stdout, /# pass 2\n/);
});

test('a failing test fails the run, and the count still comes last', () => {
  const { status, stdout } = run(folder);
  assert.equal(status, 1);
  assert.match(stdout, /# tests 3\n(?:# .*\n)*$/);
  assert.match(stdout, /# fail 1\n/);
});

test('an end-to-end file that fails is run again alone, and the last lines say so', () => {
  const { status, stdout } = run(join(endToEnd, 'shaky'));
  assert.equal(status, 0);
  assert.match(
    stdout,
    /# failed at first and passed alone, which deserves a look: \S*shaky\.e2e\.test\.ts\n1 passed, 0 failed\n$/,
  );
});

test('an end-to-end file that fails twice, or beside another test, fails the run', () => {
  const twice = run(join(endToEnd, 'broken'));
  assert.equal(twice.status, 1);
  assert.match(twice.stdout, /# run again/);
  const beside = run(join(endToEnd, 'broken'), join(folder, 'red.test.ts'));
  assert.equal(beside.status, 1);
  assert.doesNotMatch(beside.stdout, /# run again/);
});

test('a file, and options for the runner', () => {
  const { status, stdout } = run('--test-name-pattern=zzz', join(folder, 'red.test.ts'));
  assert.equal(status, 0);
  assert.match(stdout, /# fail 0\n/);
});

test('no tests, no such folder and no path are errors that say so', () => {
  for (const [args, message] of [
    [[join(folder, 'empty')], /no \*\.test\.ts below/],
    [[join(folder, 'absent')], /absent: no such file or folder/],
    [[], /usage/],
  ] as const) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
});

test('tests that start no process share one; each other has its own; none is lost', async () => {
  const path = pathToFileURL('scripts/lib/run-tests.mjs').href;
  const { groupTests }: { groupTests: (files: readonly string[]) => readonly (readonly string[])[] } =
    await import(path);
  const shared = Array.from({ length: 20 }, (_, n) => `test/unit/agent/policy/x${n}.test.ts`);
  const alone = ['test/e2e/agent/wire.e2e.test.ts', 'test/unit/scripts/lib/run-tests.test.ts'];
  const groups = groupTests([...alone, ...shared]);
  assert.deepEqual(groups.flat().toSorted(), [...alone, ...shared].toSorted());
  for (const file of alone) assert.ok(groups.some((group) => group.length === 1 && group[0] === file));
  assert.equal(groups.length, alone.length + 3);
});
