/**
 * Where the keys of a JSON5 text stand, and which stand twice in one object: JSON5 lets the last win and says nothing.
 * (JSON of documents is another matter: `protocol/strict-json.ts`.) Pure.
 */

export interface DuplicateKey {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly firstLine: number;
}

/** Comments, texts, marks, and the rest: names, numbers, words. White space lies between. */
const TOKEN =
  /\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[{}[\]:,]|[^\s"'{}[\]:,/\ufeff]+/g;

interface KeyAt {
  readonly name: string;
  /** Dotted; null inside of a list, where no setting has a name. */
  readonly path: string | null;
  readonly at: number;
  /** Where the same key stands before in the same object. */
  readonly firstAt: number | undefined;
}

/** An open object with the offsets of its keys; null: a list. */
interface Open {
  readonly keys: Map<string, number> | null;
  /** What its keys begin with; null: in a list. */
  readonly prefix: string | null;
}

/** The keys of `text`, which has to be valid JSON5, in their order. */
function* keysOf(text: string): Generator<KeyAt> {
  const open: Open[] = [];
  let last: { readonly token: string; readonly at: number } | null = null;
  let path: string | null = null;
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    if (isComment(token)) continue;
    if (token === '{') open.push({ keys: new Map(), prefix: prefixOf(open, path) });
    else if (token === '[') open.push({ keys: null, prefix: null });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && last !== null) {
      const name = nameOf(last.token);
      const { keys = null, prefix = null } = open.at(-1) ?? {};
      path = prefix === null ? null : prefix + name;
      yield { name, path, at: last.at, firstAt: keys?.get(name) };
      keys?.set(name, last.at);
    }
    last = { token, at };
  }
}

function prefixOf(open: readonly Open[], path: string | null): string | null {
  if (open.length === 0) return '';
  return open.at(-1)?.prefix === null || path === null ? null : `${path}.`;
}

/** The first key of `text`, which has to be valid JSON5, that stands twice in one object; null: there is none. */
export function duplicateKey(text: string): DuplicateKey | null {
  for (const { name, at, firstAt } of keysOf(text)) {
    if (firstAt === undefined) continue;
    return { name, ...placeOf(text, at), firstLine: placeOf(text, firstAt).line };
  }
  return null;
}

/** On which line, counted from 1, each key of `text` stands, by its dotted name. `text` has to be valid JSON5. */
export function keyLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let [line, from] = [1, 0];
  for (const { path, at } of keysOf(text)) {
    line += text.slice(from, at).match(LINE_END)?.length ?? 0;
    from = at;
    if (path !== null) lines.set(path, line);
  }
  return lines;
}

/** Whether `text` holds nothing but comments and white space. */
export function isEmptyText(text: string): boolean {
  return text.replace(TOKEN, (token) => (isComment(token) ? '' : token)).trim() === '';
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

const isComment = (token: string): boolean => token.startsWith('//') || token.startsWith('/*');

/** A key as it counts, whether it stands in quotes or not. */
function nameOf(token: string): string {
  const inside = /^["']/.test(token) ? token.slice(1, -1) : token;
  return inside.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g,
    (_, unicode?: string, hex?: string, other = '') =>
      unicode === undefined && hex === undefined
        ? other
        : String.fromCharCode(Number.parseInt(unicode ?? hex ?? '', 16)),
  );
}

function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split(LINE_END);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
