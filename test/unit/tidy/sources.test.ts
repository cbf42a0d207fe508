/** The rules of the house, on every file that is tracked or about to be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
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
  isPure,
  type SourceFile,
  type Violation,
} from './rules.ts';

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const files: readonly SourceFile[] = listed
  .split('\0')
  .filter((path) => path !== '' && existsSync(path))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const sources = files.filter(({ path }) => /\.(?:ts|mts|js|mjs)$/.test(path));
/** Holds bad samples on purpose. */
const RULES_TEST = 'test/unit/tidy/rules.test.ts';
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
const { dependencies, devDependencies, optionalDependencies } = manifest;
const declared = new Set(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }));

function none(violations: readonly Violation[]): void {
  assert.equal(violations.map(formatViolation).join('\n'), '');
}

test('the walk sees the sources and the pure ones among them', () => {
  assert.ok(sources.length > 20, `only ${sources.length} sources`);
  assert.ok(sources.some(({ path }) => isPure(path)));
});

test('policies and protocol are pure', () => none(sources.flatMap(checkPurity)));

test('parts import only what they may', () => none(sources.flatMap(checkWalls)));

test('one file imports each outside package', () => none(checkOneImporter(sources)));

test('imported packages are declared', () => none(sources.flatMap((file) => checkDeclared(file, declared))));

test('no default exports, no any, no focused or skipped tests', () => {
  none(sources.filter(({ path }) => path !== RULES_TEST).flatMap(checkWords));
});

test('files and functions are short', () => none(sources.flatMap(checkLength)));

test('every unit test mirrors a source', () => {
  none(sources.flatMap(({ path }) => checkMirror(path, existsSync)));
});

test('the lock file holds every platform and no download addresses', () => {
  none(files.filter(({ path }) => path.endsWith('package-lock.json')).flatMap(checkLockFile));
});

test('no file names a home folder or workplace', () => {
  none(files.filter(({ path }) => path !== RULES_TEST).flatMap(checkPrivatePaths));
});
