/** Each rule fails on a sample that breaks it, on the right line, and passes its neighbour that does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkDeclared,
  checkLength,
  checkLockFile,
  checkMirror,
  checkOneImporter,
  checkPrivatePaths,
  checkPurity,
  checkWalls,
  checkWords,
  formatViolation,
  MAX_FUNCTION_LINES,
  MAX_SOURCE_LINES,
  MAX_TEST_LINES,
} from './rules.ts';

const file = (path: string, text: string) => ({ path, text });
const lines = (count: number): string => '  x();\n'.repeat(count);

describe('purity', () => {
  const bad = [
    'const a = Date.now();',
    'const a = new Date();',
    'const a = performance.now();',
    'setTimeout(f, 1);',
    'setInterval(f, 1);',
    'const a = Math.random();',
    'const a = process.env.HOME;',
    'console.log(1);',
    `const a = \`\${Date.now()} ms\`;`,
    "import { readFileSync } from 'node:fs';",
    "import mqtt from 'mqtt';",
    "import { link } from '../io/link.ts';",
    "const link = import('../io/link.ts');",
    'export async function f() {}',
  ];
  for (const line of bad) {
    test(`refuses ${line}`, () => {
      for (const path of ['agent/policy/a.ts', 'monitor/policy/deep/a.ts', 'protocol/a.ts']) {
        const found = checkPurity(file(path, `/** A policy. */\n\n${line}\n`));
        assert.equal(found[0]?.line, 3, path);
        assert.equal(found[0]?.path, path);
      }
    });
  }

  test('passes comments, strings, dates from numbers and what is not a policy', () => {
    const fine = [
      '// Date.now() is what this is not.',
      '/* setTimeout(f) */',
      "const a = 'process this';",
      'const b = new Date(now).toISOString();',
      'const c = /setTimeout/.test(text);',
      "import { y } from './y.ts';",
    ].join('\n');
    assert.deepEqual(checkPurity(file('agent/policy/a.ts', fine)), []);
    assert.deepEqual(checkPurity(file('agent/io/a.ts', 'Date.now();')), []);
  });
});

describe('walls', () => {
  const bad: readonly [string, string][] = [
    ['agent/a.ts', '../monitor/policy/device.ts'],
    ['monitor/io/a.ts', '../../agent/policy/verdict.ts'],
    ['protocol/a.ts', '../runtime/log.ts'],
    ['runtime/a.ts', '../agent/agent.ts'],
    ['agent/a.ts', '../test/support/x.ts'],
    ['agent/a.ts', '../bench/world/path.ts'],
    ['cli/agent.ts', '../bench/world/path.ts'],
    ['cli/simulate.ts', '../test/support/x.ts'],
  ];
  for (const [path, specifier] of bad) {
    test(`${path} may not import ${specifier}`, () => {
      assert.equal(checkWalls(file(path, `\nimport { a } from '${specifier}';`))[0]?.line, 2);
    });
  }

  test('passes what is allowed', () => {
    assert.deepEqual(checkWalls(file('agent/a.ts', "import { a } from '../protocol/topics.ts';")), []);
    assert.deepEqual(checkWalls(file('protocol/a.ts', "import { a } from './topics.ts';")), []);
    assert.deepEqual(checkWalls(file('cli/simulate.ts', "import { a } from '../bench/world/path.ts';")), []);
    assert.deepEqual(
      checkWalls(file('test/unit/agent/a.test.ts', "import { a } from '../../../agent/a.ts';")),
      [],
    );
  });
});

describe('packages', () => {
  test('a second importer is refused, with the first one named', () => {
    const found = checkOneImporter([
      file('runtime/a.ts', "import mqtt from 'mqtt';"),
      file('runtime/b.ts', "\nimport type { MqttClient } from 'mqtt/lib/client';"),
    ]);
    assert.equal(
      found.map(formatViolation).join(),
      'runtime/b.ts:2: mqtt is already imported by runtime/a.ts; go through it',
    );
  });

  test('one importer, tests, modules of Node and look-alikes in strings pass', () => {
    assert.deepEqual(
      checkOneImporter([
        file('runtime/a.ts', "import mqtt from 'mqtt';\nimport fs from 'node:fs';"),
        file('runtime/b.ts', "import fs from 'node:fs';\nconst help = \"import mqtt from 'mqtt'\";"),
        file('test/e2e/c.test.ts', "import mqtt from 'mqtt';"),
      ]),
      [],
    );
  });

  test('an undeclared package is refused', () => {
    const text = "import a from 'declared';\nimport b from '@scope/absent/deep';\nimport('declared/sub');";
    const found = checkDeclared(file('runtime/a.ts', text), new Set(['declared']));
    assert.equal(found.map(formatViolation).join(), 'runtime/a.ts:2: @scope/absent is not in package.json');
  });
});

describe('words', () => {
  const bad = [
    'export default function f() {}',
    'export { f as default };',
    'let a: any;',
    'const a = b as any;',
    'const a: Promise<any[]> = f();',
    "test.only('a', f);",
    "describe.skip('a', f);",
    "test('a', { skip: true }, f);",
  ];
  for (const line of bad) {
    test(`refuses ${line}`, () => {
      assert.equal(checkWords(file('test/unit/a/a.test.ts', `\n${line}`))[0]?.line, 2);
    });
  }

  test('passes the words in prose, strings and names', () => {
    const fine = '// any default\nconst a = "any";\nconst anyone = Promise.any(b);\nconst c = many.skipped;';
    assert.deepEqual(checkWords(file('test/unit/a/a.test.ts', fine)), []);
  });
});

describe('length', () => {
  test('long files are refused, tests a little later', () => {
    assert.deepEqual(checkLength(file('agent/a.ts', '\n'.repeat(MAX_SOURCE_LINES - 1).concat('x\n'))), []);
    const long = '\n'.repeat(MAX_SOURCE_LINES).concat('x\n');
    assert.equal(checkLength(file('agent/a.ts', long))[0]?.line, MAX_SOURCE_LINES + 1);
    assert.deepEqual(checkLength(file('test/a.test.ts', long)), []);
    const longer = '\n'.repeat(MAX_TEST_LINES).concat('x\n');
    assert.equal(checkLength(file('test/a.test.ts', longer)).length, 1);
  });

  const shapes = {
    function: ['export async function f(a: number): Promise<void> {', '}'],
    'function with parameters on lines': ['function f(\n  a: number,\n): void {', '}'],
    method: ['class A {\n  step(now: number): Step {', '  }\n}'],
    arrow: ['const f = (a: number): number => {', '};'],
  };
  for (const [shape, [start, end]] of Object.entries(shapes)) {
    test(`a long ${shape} is refused`, () => {
      const found = checkLength(file('agent/a.ts', `${start}\n${lines(MAX_FUNCTION_LINES)}${end}\n`));
      assert.equal(found.length, 1);
      assert.match(found[0]?.rule ?? '', /a function of 6[2-4] lines/);
      assert.deepEqual(
        checkLength(file('agent/a.ts', `${start}\n${lines(MAX_FUNCTION_LINES - 6)}${end}\n`)),
        [],
      );
    });
  }

  test('a long table is not a function', () => {
    assert.deepEqual(checkLength(file('agent/a.ts', `const a = f({\n${lines(90)}});\n`)), []);
    assert.deepEqual(checkLength(file('agent/a.ts', `register({\n${lines(90)}});\n`)), []);
  });
});

describe('repository', () => {
  test('a unit test without its source is refused', () => {
    const exists = (path: string): boolean =>
      ['agent/a.ts', 'config/examples', 'scripts/lib/e.sh'].includes(path);
    for (const path of ['agent/b', 'agent/ab', 'agent/b-a', 'scripts/lib/a']) {
      assert.equal(checkMirror(`test/unit/${path}.test.ts`, exists).length, 1, path);
    }
    for (const path of [
      'agent/a',
      'agent/a.property',
      'agent/a-late',
      'config/examples',
      'scripts/lib/e',
      'tidy/rules',
    ]) {
      assert.deepEqual(checkMirror(`test/unit/${path}.test.ts`, exists), []);
    }
    assert.deepEqual(checkMirror('test/e2e/any/thing.e2e.test.ts', exists), []);
  });

  test('a download address in the lock file is refused', () => {
    assert.equal(
      checkLockFile(file('package-lock.json', '{\n  "resolved": "https://a/b.tgz"\n}'))[0]?.line,
      2,
    );
    assert.deepEqual(checkLockFile(file('package-lock.json', '{ "version": "1.0.0" }')), []);
  });

  test('a lock file that leaves out the package of another platform is refused', () => {
    const lock = (other: object) => {
      const packages = { 'node_modules/a': { optionalDependencies: { '@a/arm': '1.0.0' } }, ...other };
      return file('package-lock.json', JSON.stringify({ packages }));
    };
    assert.deepEqual(checkLockFile(lock({ 'node_modules/@a/arm': { version: '1.0.0' } })), []);
    for (const other of [{}, { 'node_modules/@a/arm': { optional: true } }]) {
      assert.match(checkLockFile(lock(other))[0]?.rule ?? '', /@a\/arm has no entry/);
    }
  });

  test('paths of one person’s machine are refused', () => {
    for (const path of ['/home/ann/x', '/Users/ann', 'cd /root/x', '"/root/y"']) {
      assert.equal(checkPrivatePaths(file('README.md', `\n${path}`))[0]?.line, 2, path);
    }
    for (const path of ['/var/lib/x', './work/a', 'https://a/home/ann', 'docs/root/x', '/sys/class']) {
      assert.deepEqual(checkPrivatePaths(file('README.md', path)), [], path);
    }
  });
});
