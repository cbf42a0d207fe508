import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVICE = new URL('../../../cli/service.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs a service whose body is `body` in a process of its own. */
function serve(body: string, level = 'info') {
  const script = `
    import { runService } from '${SERVICE}';
    const load = () => ({ log: { level: '${level}', format: 'json' } });
    await runService('agent', load, async (settings, log) => { ${body} });`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: ROOT, encoding: 'utf8', timeout: 30_000 },
  );
  return {
    status,
    stderr,
    lines: stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  };
}

test('the exit code is what the service returned, although a handle is left open', () => {
  const { status, lines } = serve("setInterval(() => {}, 1e6); log.write('info', 'last', 'last'); return 5;");
  assert.equal(status, 5);
  assert.equal(lines.at(-1)?.event, 'last');
});

for (const [name, body] of [
  ['an error that is thrown', "throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });"],
  [
    'an error that nobody catches',
    "setTimeout(() => { throw Object.assign(new Error('disk full'), { code: 'ENOSPC' }); }, 1); return new Promise(() => {});",
  ],
  [
    'a rejection that nobody handles',
    "Promise.reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' })); return new Promise(() => {});",
  ],
] as const) {
  test(`${name} is one readable line with its code, and exit code 1`, () => {
    const { status, stderr, lines } = serve(body);
    assert.equal(status, 1);
    assert.equal(stderr, '');
    assert.equal(lines.length, 1);
    const { event, level, message, code, stack } = lines[0];
    assert.deepEqual(
      [event, level, message, code, stack],
      ['serviceFailed', 'error', 'disk full', 'ENOSPC', undefined],
    );
  });
}

test('the stack is told at debug', () => {
  const { lines } = serve("throw new Error('odd');", 'debug');
  assert.equal(lines[0].code, 'INTERNAL');
  assert.match(lines[0].stack, /odd\n {4}at /);
});
