/** The rules of the house as functions of text: each returns what breaks it, with line and rule. */
import { posix } from 'node:path';
import { importsOf, lineAt, packageOf, scanSource } from './source-text.ts';

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
}

export const MAX_SOURCE_LINES = 300;
export const MAX_TEST_LINES = 400;
export const MAX_FUNCTION_LINES = 60;

export const isTest = (path: string): boolean => path.startsWith('test/');
export const isPure = (path: string): boolean =>
  path.startsWith('protocol/') || /^(?:agent|monitor|load)\/(?:.*\/)?policy\//.test(path);

export function formatViolation({ path, line, rule }: Violation): string {
  return `${path}:${line}: ${rule}`;
}

/** Where an import leads, from the root of the repository; null for packages and modules of Node. */
function targetOf(path: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : null;
}

function findAll(
  file: SourceFile,
  text: string,
  patterns: readonly (readonly [RegExp, string])[],
): Violation[] {
  return patterns.flatMap(([pattern, rule]) =>
    [...text.matchAll(pattern)].map(({ index }) => ({ path: file.path, line: lineAt(text, index), rule })),
  );
}

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)/g, 'a policy is handed `now`; it reads no clock'],
  [/\bperformance\b/g, 'a policy is handed `now`; it reads no clock'],
  [
    /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g,
    'a policy says when to wake up; it sets no timer',
  ],
  [/\bMath\.random\b|\bcrypto\b/g, 'a policy is handed its random numbers'],
  [/\bprocess\b|\bconsole\b|\bfetch\(|\bglobalThis\b/g, 'a policy does no I/O'],
  [/\basync\b|\bawait\b/g, 'a policy waits for nothing'],
];

/** `policy/` and `protocol/`: no I/O, no clock, no timer, no randomness. */
export function checkPurity(file: SourceFile): Violation[] {
  if (!isPure(file.path)) return [];
  const source = scanSource(file.text);
  const imports = importsOf(source).flatMap(({ specifier, line }) => {
    const target = targetOf(file.path, specifier);
    if (target === null) return [{ path: file.path, line, rule: `a policy imports no module: ${specifier}` }];
    if (/(?:^|\/)io\//.test(target)) {
      return [{ path: file.path, line, rule: `a policy imports no I/O: ${specifier}` }];
    }
    return [];
  });
  return [...imports, ...findAll(file, source.code, IMPURE)];
}

/** Which parts may not know each other. */
const WALLS: readonly { from: RegExp; to: RegExp; rule: string }[] = [
  { from: /^agent\//, to: /^monitor\//, rule: 'agent/ does not import monitor/' },
  { from: /^monitor\//, to: /^agent\//, rule: 'monitor/ does not import agent/' },
  {
    from: /^load\//,
    to: /^(?:agent|monitor|cli)\//,
    rule: 'load/ does not import the ends that it puts to the test',
  },
  { from: /^protocol\//, to: /^(?!protocol\/)/, rule: 'protocol/ imports protocol/ alone' },
  { from: /^runtime\//, to: /^(?:agent|monitor|cli)\//, rule: 'runtime/ does not import what stands on it' },
  { from: /^(?!test\/|bench\/)/, to: /^test\//, rule: 'what ships does not import tests' },
  {
    from: /^(?!test\/|bench\/|cli\/simulate\.ts$)/,
    to: /^bench\//,
    rule: 'what ships does not import the simulators, but for `simulate`',
  },
];

/** Who may import whom. */
export function checkWalls(file: SourceFile): Violation[] {
  return importsOf(scanSource(file.text)).flatMap(({ specifier, line }) => {
    const target = targetOf(file.path, specifier);
    if (target === null) return [];
    return WALLS.filter(({ from, to }) => from.test(file.path) && to.test(target)).map(({ rule }) => ({
      path: file.path,
      line,
      rule: `${rule}: ${specifier}`,
    }));
  });
}

/** Outside `test/`, one file imports a package, type-only imports included: so that it can be replaced. */
export function checkOneImporter(files: readonly SourceFile[]): Violation[] {
  const importers = new Map<string, string>();
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) =>
      importsOf(scanSource(file.text)).flatMap(({ specifier, line }) => {
        const name = packageOf(specifier);
        if (name === null) return [];
        const first = importers.get(name);
        if (first === undefined) importers.set(name, file.path);
        if (first === undefined || first === file.path) return [];
        return [{ path: file.path, line, rule: `${name} is already imported by ${first}; go through it` }];
      }),
    );
}

/** A package that is merely somebody else's dependency can vanish with the next update. */
export function checkDeclared(file: SourceFile, declared: ReadonlySet<string>): Violation[] {
  return importsOf(scanSource(file.text)).flatMap(({ specifier, line }) => {
    const name = packageOf(specifier);
    if (name === null || declared.has(name)) return [];
    return [{ path: file.path, line, rule: `${name} is not in package.json` }];
  });
}

const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bexport\s+default\b|\bas\s+default\b/g, 'no default exports'],
  [/(?<![.\w$'"])any(?![\w$(:'"])/g, 'no `any`'],
];

const FOCUS: readonly (readonly [RegExp, string])[] = [
  [/\.(?:only|skip|todo)\s*\(/g, 'no focused, skipped or pending tests'],
  [/\b(?:only|skip|todo)\s*:\s*(?!false\b)/g, 'no focused, skipped or pending tests'],
];

/** node --test-reporter takes a module's default export and nothing else. */
const TEST_REPORTER = /-reporter\.mjs$/;

/** Words that no file may hold. */
export function checkWords(file: SourceFile): Violation[] {
  if (TEST_REPORTER.test(file.path)) return [];
  const { code } = scanSource(file.text);
  return findAll(file, code, file.path.endsWith('.test.ts') ? [...FORBIDDEN, ...FOCUS] : FORBIDDEN);
}

/** Length of files, and of functions as the formatter indents them: the end is a `}` as deep as the start. */
export function checkLength(file: SourceFile): Violation[] {
  const lines = file.text.trimEnd().split('\n');
  const limit = isTest(file.path) ? MAX_TEST_LINES : MAX_SOURCE_LINES;
  const long =
    lines.length > limit
      ? [{ path: file.path, line: limit + 1, rule: `${lines.length} lines; at most ${limit}` }]
      : [];
  return isTest(file.path) ? long : [...long, ...longFunctions(file)];
}

const FUNCTION_START =
  /^( *)(?:export |async |static |override |get |set |private |protected |#)*(?:function\b|const [\w$]+\b.*=> |const [\w$]+\b.* = (?:async )?\($|[\w$]+(?:<.*>)?\()/;
const STATEMENT = /^ *(?:if|for|while|switch|catch|return|super|await|throw)\b/;
const OPENS_BODY = /(?:=>|[\w)\]>}'"]) \{$/;

function longFunctions(file: SourceFile): Violation[] {
  const lines = scanSource(file.text).code.split('\n');
  const lineAfter = (from: number, prefix: string): number =>
    lines.findIndex((line, index) => index > from && line.startsWith(prefix));
  return lines.flatMap((start, index) => {
    const indent = FUNCTION_START.exec(start)?.[1];
    if (indent === undefined || STATEMENT.test(start)) return [];
    // Parameters may take lines of their own; the body then opens where their parenthesis closes.
    const open = start.endsWith('(') ? lineAfter(index, `${indent})`) : index;
    if (open < 0 || !OPENS_BODY.test(lines[open] ?? '')) return [];
    const length = lineAfter(open, `${indent}}`) - index + 1;
    if (length <= MAX_FUNCTION_LINES) return [];
    const rule = `a function of ${length} lines; at most ${MAX_FUNCTION_LINES}`;
    return [{ path: file.path, line: index + 1, rule }];
  });
}

/** `test/unit/a/b.test.ts` proves `a/b.ts`, or what is in the folder `a/b`; `b-aspect` or `b.aspect` too. */
export function checkMirror(testPath: string, exists: (path: string) => boolean): Violation[] {
  const match = /^test\/unit\/(.+)\/([^/]+)\.test\.ts$/.exec(testPath);
  if (match === null || testPath.startsWith('test/unit/tidy/')) return [];
  const [, folder, name = ''] = match;
  const cuts = [...name.matchAll(/[-.]|$/g)].map(({ index }) => `${folder}/${name.slice(0, index)}`);
  if (cuts.some((stem) => ['.ts', '.mjs', '.sh', ''].some((suffix) => exists(`${stem}${suffix}`)))) return [];
  return [{ path: testPath, line: 1, rule: `mirrors no source: there is no ${folder}/${name}.ts` }];
}

/**
 * The lock file names versions and hashes; where to download them is each machine's own business. It names
 * the packages of other platforms too, or `npm ci` refuses it there: npm leaves out what a registry withheld.
 */
export function checkLockFile(file: SourceFile): Violation[] {
  const addresses = findAll(file, file.text, [
    [/"resolved"\s*:/g, 'the lock file holds no download addresses'],
  ]);
  const { packages = {} } = JSON.parse(file.text) as LockFile;
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => packages[`node_modules/${name}`]?.version === undefined)
    .map((name) => ({ path: file.path, line: 1, rule: `${name} has no entry, or one without a version` }));
  return [...addresses, ...missing];
}

interface LockFile {
  readonly packages?: Readonly<
    Record<string, { readonly version?: string; readonly optionalDependencies?: Record<string, string> }>
  >;
}

/** Paths of one person's machine; spelt with a class so that this file does not break its own rule. */
const PRIVATE_PATH = /(?<![\w.\-${}@])[/](?:home|Users)[/][a-z][\w.-]*|(?<![\w.\-${}@])[/]root[/]/g;

/** Nothing tracked names a home folder. */
export function checkPrivatePaths(file: SourceFile): Violation[] {
  return findAll(file, file.text, [[PRIVATE_PATH, 'the path of a home folder']]);
}
