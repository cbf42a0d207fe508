/**
 * Runs every `*.test.ts` at or below the given paths in one `node --test`, because Node 20 expands no globs.
 * Usage: node scripts/lib/run-tests.mjs [NODE-TEST-OPTION…] PATH…
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
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
  const child = spawn(process.execPath, nodeArguments(files, options, settings), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
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
