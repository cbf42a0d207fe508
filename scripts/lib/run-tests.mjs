/**
 * Runs every `*.test.ts` at or below the given paths in one `node --test`, because Node 20 expands no globs.
 * Usage: node scripts/lib/run-tests.mjs [NODE-TEST-OPTION…] PATH…
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Bounds a hung file, not a slow one: the whole suite takes less. */
const FILE_TIMEOUT_MS = 10 * 60_000;

/** Test files at or below `paths`, in the order of the paths, each once. */
export function findTests(paths) {
  const found = new Set();
  for (const path of paths) {
    if (!existsSync(path)) throw new Error(`${path}: no such file or folder`);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true }).map((name) => join(path, name))
      : [path];
    const tests = files.filter((file) => file.endsWith('.test.ts')).sort();
    for (const file of tests) found.add(file);
  }
  return [...found];
}

/** Tests that start no process and keep nothing global: many of them share one process, since each start costs. */
const SHARES_A_PROCESS = /^test\/(unit\/(agent|bench|config|monitor|protocol|runtime)|sim)\//;
const FILES_A_PROCESS = 8;
/** Of this run alone: runs may overlap, and one of the tests runs tests. */
const GROUPS_FOLDER = `.cache/tests/${process.pid}`;

/** Which files run together; a file alone is a group of its own. Long ones, in a row by name, are spread. */
export function groupTests(files) {
  const sharing = files.filter((file) => SHARES_A_PROCESS.test(file));
  const alone = files.filter((file) => !SHARES_A_PROCESS.test(file));
  const count = Math.ceil(sharing.length / FILES_A_PROCESS);
  const groups = Array.from({ length: count }, () => []);
  for (const [index, file] of sharing.entries()) groups[index % count].push(file);
  return [...groups, ...alone.map((file) => [file])];
}

/** One file for node to run for each group. */
function groupFiles(groups) {
  mkdirSync(GROUPS_FOLDER, { recursive: true });
  return groups.map((group, index) => {
    if (group.length === 1) return group[0];
    const path = join(GROUPS_FOLDER, `group-${index}.test.ts`);
    const lines = group.map(
      (file) => `await import(${JSON.stringify(pathToFileURL(resolve(file)).href)});\n`,
    );
    writeFileSync(path, lines.join(''));
    return path;
  });
}

/** Arguments for node. Off a terminal the reporter is TAP, whose count comes last even after failures. */
export function nodeArguments(files, options, { isTerminal, cores }) {
  const reporter = options.some((option) => option.startsWith('--test-reporter'));
  return [
    '--import',
    'tsx',
    '--test',
    // End-to-end tests mostly wait, so two at a time suit even a single core.
    `--test-concurrency=${Math.max(2, cores)}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...(reporter ? [] : [`--test-reporter=${isTerminal ? 'spec' : 'tap'}`]),
    ...options,
    ...files,
  ];
}

function main(args) {
  const options = args.filter((argument) => argument.startsWith('-'));
  const paths = args.filter((argument) => !argument.startsWith('-'));
  if (paths.length === 0) throw new Error('usage: run-tests.mjs [NODE-TEST-OPTION…] PATH…');
  const files = findTests(paths);
  if (files.length === 0) throw new Error(`no *.test.ts below ${paths.join(' ')}`);
  const settings = { isTerminal: process.stdout.isTTY === true, cores: availableParallelism() };
  const started = nodeArguments(groupFiles(groupTests(files)), options, settings);
  const child = spawn(process.execPath, started, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    rmSync(GROUPS_FOLDER, { recursive: true, force: true });
    process.exitCode = signal === null ? code : 1;
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`run-tests: ${error.message}\n`);
    process.exitCode = 2;
  }
}
