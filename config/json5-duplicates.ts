/**
 * Keys that stand twice in one object of a JSON5 text: JSON5 lets the last win and says nothing. (JSON of documents is
 * another matter: `protocol/strict-json.ts`.) Pure.
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

/** The first of them in `text`, which has to be valid JSON5; null: there is none. */
export function duplicateKey(text: string): DuplicateKey | null {
  /** Of each open object the offsets of its keys; null for a list. */
  const open: (Map<string, number> | null)[] = [];
  let last: { readonly token: string; readonly at: number } | null = null;
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    if (token === '{') open.push(new Map());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && last !== null) {
      const name = nameOf(last.token);
      const keys = open.at(-1);
      const first = keys?.get(name);
      if (first !== undefined)
        return { name, ...placeOf(text, last.at), firstLine: placeOf(text, first).line };
      keys?.set(name, last.at);
    }
    last = { token, at };
  }
  return null;
}

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
  const lines = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
