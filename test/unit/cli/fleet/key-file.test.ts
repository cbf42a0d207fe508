import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createKey, findKey, keyDirectory, listKeys } from '../../../../cli/fleet/key-file.ts';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'khd-keys-'));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

describe('signing keys', () => {
  it('come back as they were made, in files that nobody else can read', async (context) => {
    const directory = join(folder(context), 'new', 'keys');
    const made = await createKey(directory, 'ops');
    assert.equal(statSync(made.path).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.deepEqual(listKeys(directory), [made]);
    for (const written of [undefined, 'ops']) assert.deepEqual(findKey(directory, written), made);
    assert.deepEqual(findKey('/nowhere', made.path).key, made.key);
    assert.notEqual((await createKey(directory, 'spare')).key.d, made.key.d);
  });

  it('are never written over', async (context) => {
    const directory = folder(context);
    const { path } = await createKey(directory, 'ops');
    const before = readFileSync(path, 'utf8');
    await assert.rejects(createKey(directory, 'ops'), { code: 'KEY_EXISTS' });
    assert.equal(readFileSync(path, 'utf8'), before);
  });

  it('are named so that no path can be meant', async (context) => {
    const directory = folder(context);
    for (const name of ['', '..', '../up', 'a/b', '.hidden', 'x'.repeat(65)])
      await assert.rejects(createKey(directory, name), { code: 'KEY_NAME' }, name);
    assert.deepEqual(listKeys(directory), []);
  });

  it('must be chosen where there are several, and made where there is none', async (context) => {
    const directory = folder(context);
    assert.throws(() => findKey(directory, undefined), { code: 'NO_KEY', message: /keys create/ });
    await createKey(directory, 'a');
    await createKey(directory, 'b');
    assert.throws(() => findKey(directory, undefined), { code: 'NO_KEY', message: /--key .*: a, b$/ });
    assert.throws(() => findKey(directory, 'c'), { code: 'NO_KEY', message: /no key named c/ });
  });

  it('are refused when others can read them, or when they are none', async (context) => {
    const directory = folder(context);
    const { path } = await createKey(directory, 'ops');
    chmodSync(path, 0o640);
    assert.throws(() => findKey(directory, 'ops'), { code: 'BAD_KEY', message: /chmod 600/ });
    const { x, d } = JSON.parse(readFileSync(path, 'utf8'));
    const wrong = [
      '',
      'null',
      '{}',
      JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x }),
      JSON.stringify({ x, d }),
    ];
    for (const text of wrong) {
      const bad = join(directory, 'bad.jwk');
      writeFileSync(bad, text, { mode: 0o600 });
      assert.throws(() => findKey(directory, bad), { code: 'BAD_KEY' }, text);
    }
    assert.throws(() => findKey(directory, '/nowhere/ops.jwk'), {
      code: 'BAD_KEY',
      message: /does not exist/,
    });
  });

  it('lie in the configuration folder of their owner', () => {
    assert.equal(keyDirectory({ XDG_CONFIG_HOME: '/c' }), '/c/keepalivehd/keys');
    assert.match(keyDirectory({ XDG_CONFIG_HOME: '' }), /\/\.config\/keepalivehd\/keys$/);
  });
});
