/**
 * Runs every `*.test.ts` at or below the given paths in one `node --test`, because Node 20 expands no globs.
 * Usage: node scripts/lib/run-tests.mjs [NODE-TEST-OPTION…] PATH…
 *
 * End-to-end tests hold real seconds of real NATs and brokers against a machine that does other things too. When
 * only a few of their files failed, these are run again, one at a time, and named in the last lines; failing twice
 * fails the run. Nothing else is ever run twice.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
const SHARES_A_PROCESS = /^test\/(unit\/(agent|bench|config|load|monitor|protocol|runtime)|sim)\//;
const FILES_A_PROCESS = 8;
/** Of this run alone: runs may overlap, and one of the tests runs tests. */
const FOLDER = `.cache/tests/${process.pid}`;
const TALLY_REPORTER = new URL('tally-reporter.mjs', import.meta.url).pathname;
/** With more failing files than this it is not the machine. */
const MOST_FILES_RUN_AGAIN = 3;

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
  return groups.map((group, index) => {
    if (group.length === 1) return group[0];
    const path = join(FOLDER, `group-${index}.test.ts`);
    const lines = group.map(
      (file) => `await import(${JSON.stringify(pathToFileURL(resolve(file)).href)});\n`,
    );
    writeFileSync(path, lines.join(''));
    return path;
  });
}

/** Arguments for node. Off a terminal the reporter is TAP, whose count comes last even after failures. */
export function nodeArguments(files, options, { isTerminal, concurrency, tallyFile }) {
  const reporter = options.some((option) => option.startsWith('--test-reporter'));
  const reporters = [
    `--test-reporter=${isTerminal ? 'spec' : 'tap'}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${TALLY_REPORTER}`,
    `--test-reporter-destination=${tallyFile}`,
  ];
  return [
    '--import',
    'tsx',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...(reporter ? [] : reporters),
    ...options,
    ...files,
  ];
}

/** Files worth a second run, or none: `tally` as the reporter wrote it. */
export function filesToRunAgain({ failedFiles }) {
  const worthwhile =
    failedFiles.length <= MOST_FILES_RUN_AGAIN && failedFiles.every((file) => file.endsWith('.e2e.test.ts'));
  return worthwhile ? failedFiles : [];
}

/** Resolves with the exit code; a signal counts as 1. */
function runNode(args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** What the last run counted; null when it was ended, or reported in another way. */
function readTally(tallyFile) {
  try {
    return JSON.parse(readFileSync(tallyFile, 'utf8'));
  } catch {
    return null;
  }
}

async function runAll(files, options) {
  const isTerminal = process.stdout.isTTY === true;
  const tallyFile = join(FOLDER, 'tally.json');
  // End-to-end tests mostly wait: one more than there are processors keeps these busy.
  const settings = { isTerminal, concurrency: Math.max(2, availableParallelism()) + 1, tallyFile };
  const code = await runNode(nodeArguments(groupFiles(groupTests(files)), options, settings));
  const first = readTally(tallyFile);
  const again = code === 0 || first === null ? [] : filesToRunAgain(first);
  if (again.length === 0) return code;
  process.stdout.write(`\n# run again, one at a time: ${again.join(' ')}\n`);
  rmSync(tallyFile);
  const secondCode = await runNode(nodeArguments(again, options, { ...settings, concurrency: 1 }));
  if (secondCode !== 0) return secondCode;
  process.stdout.write(
    `\n# failed at first and passed alone, which deserves a look: ${again.join(' ')}\n` +
      `${first.passed + first.failed} passed, 0 failed\n`,
  );
  return 0;
}

async function main(args) {
  const options = args.filter((argument) => argument.startsWith('-'));
  const paths = args.filter((argument) => !argument.startsWith('-'));
  if (paths.length === 0) throw new Error('usage: run-tests.mjs [NODE-TEST-OPTION…] PATH…');
  const files = findTests(paths);
  if (files.length === 0) throw new Error(`no *.test.ts below ${paths.join(' ')}`);
  mkdirSync(FOLDER, { recursive: true });
  try {
    return await runAll(files, options);
  } finally {
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      process.stderr.write(`run-tests: ${error.message}\n`);
      process.exitCode = 2;
    },
  );
}
