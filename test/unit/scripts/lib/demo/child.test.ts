/** Real processes: signals and last words are the point. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Child, startChild } from '../../../../../scripts/lib/demo/child.ts';

function start(script: string): { child: Child; died: Promise<string> } {
  let child: Child | undefined;
  const died = new Promise<string>((resolve) => {
    const command = { name: 'part', file: process.execPath, args: ['-e', script], env: process.env };
    child = startChild(command, (_, how) => resolve(how));
  });
  assert.ok(child !== undefined);
  return { child, died };
}

async function says(child: Child, line: string): Promise<void> {
  while (!child.lastLines(10).includes(line)) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('an end that nobody asked for is told, with the last words of both streams', async () => {
  const { child, died } = start("console.log('a\\nb'); console.error('why'); process.exitCode = 7");
  assert.equal(await died, 'exit code 7');
  assert.deepEqual([...child.lastLines(10)].sort(), ['a', 'b', 'why']);
  assert.equal(child.lastLines(1).length, 1);
});

test('a program that does not exist is told', async () => {
  const died = new Promise((resolve) => {
    startChild({ name: 'x', file: '/nowhere/x', args: [], env: {} }, (_, how) => resolve(how));
  });
  assert.match(String(await died), /ENOENT/);
});

test('kill and stop are no news, and stop leaves time for a goodbye', async () => {
  let news = 0;
  const idle =
    "setInterval(() => {}, 1000); process.on('SIGTERM', () => { console.log('bye'); process.exit(); }); console.log('up');";
  for (const how of ['kill', 'stop'] as const) {
    const { child, died } = start(idle);
    died.then(() => news++);
    await says(child, 'up');
    await child[how]();
    assert.equal(child.lastLines(1)[0], how === 'stop' ? 'bye' : 'up');
  }
  assert.equal(news, 0);
});
