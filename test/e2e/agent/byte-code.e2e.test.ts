/** The byte code that an installation makes of the program: taken when it fits, and never missed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { programFor } from '../support/process.ts';

/** Says what V8 made of the byte code that it was given. */
const WITNESS = `const vm = require('node:vm');
vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options);
    const word = options.cachedData === undefined ? 'none' : this.cachedDataRejected ? 'refused' : 'taken';
    process.stderr.write('byte code: ' + word + '\\n');
  }
};
`;

describe('the byte code of the program', () => {
  const cleanups = new Cleanups();
  after(() => cleanups.run());
  let folder = '';
  let witness = '';

  /** The bundle that ships, with an option of Node that a service has. */
  const run = (argument: string, nodeOptions: readonly string[] = ['--jitless'], env = process.env) => {
    const args = ['-r', witness, ...nodeOptions, join(folder, 'keepalivehd.cjs'), argument];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env,
      timeout: 120_000,
    });
    return { status, stdout, stderr, byteCode: /byte code: (\w+)/.exec(stderr)?.[1] };
  };
  const file = (): string => join(folder, 'program.bytecode');
  const root = join(import.meta.dirname, '../../..');
  const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

  before(() => {
    folder = cleanups.folder();
    cpSync(dirname(programFor('agent')), folder, { recursive: true });
    witness = join(folder, 'witness.cjs');
    writeFileSync(witness, WITNESS);
  });

  it('is not needed', () => {
    const { stdout, byteCode } = run('--version');
    assert.deepEqual([stdout, byteCode], [`${version}\n`, 'none']);
  });

  it('is made by one run, which tells nobody and leaves nothing else, whatever the environment says', () => {
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const files = readdirSync(folder);
    const env = { ...process.env, TMPDIR: temporary, KHD_LOG_LEVEL: 'error', KHD_DEVICE_NAME: 'living' };
    const { status, stdout, stderr } = run('--write-byte-code', ['--jitless'], env);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    assert.deepEqual(readdirSync(folder).sort(), [...files, 'program.bytecode'].sort());
    assert.deepEqual(readdirSync(temporary), []);
  });

  it('is taken from then on', () => {
    const { stdout, byteCode } = run('--version');
    assert.deepEqual([stdout, byteCode], [`${version}\n`, 'taken']);
  });

  it('is left alone under other options of Node', () => {
    const { stdout, byteCode } = run('--version', []);
    assert.deepEqual([stdout, byteCode], [`${version}\n`, 'none']);
  });

  it('is left alone once a bit of it is lost', () => {
    const whole = readFileSync(file());
    const damaged = Buffer.from(whole);
    const middle = damaged.length >> 1;
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 4, middle);
    writeFileSync(file(), damaged);
    const { stdout, byteCode } = run('--version');
    writeFileSync(file(), whole);
    assert.deepEqual([stdout, byteCode], [`${version}\n`, 'none']);
  });

  it('is left alone by another program of the same length', () => {
    const program = join(folder, 'program.cjs');
    const text = readFileSync(program, 'utf8');
    const other = version.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
    writeFileSync(program, text.replaceAll(`"${version}"`, `"${other}"`));
    const { stdout, byteCode } = run('--version');
    writeFileSync(program, text);
    assert.deepEqual([stdout, byteCode], [`${other}\n`, 'none']);
  });

  it('that nothing can be kept for is said in one line', () => {
    const { status, stderr } = run('--write-byte-code', [], { ...process.env, TMPDIR: join(folder, 'none') });
    assert.equal(status, 1);
    assert.match(stderr, /^keepalivehd: no byte code was made; [^\n]*ENOENT[^\n]*none[^\n]*\n$/m);
  });

  it('that cannot be written is said, and the one before stays whole', () => {
    const whole = readFileSync(file());
    mkdirSync(`${file()}.part`);
    const { status, stderr } = run('--write-byte-code');
    assert.equal(status, 1);
    assert.match(stderr, /no byte code was made; each start will compile the program: EISDIR/);
    assert.ok(existsSync(file()) && readFileSync(file()).equals(whole));
  });
});
