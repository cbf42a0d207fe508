/** Source text with comments, or comments and literals, blanked out: same length, same lines. */

export interface SourceText {
  /** Without comments; literals kept, so that import specifiers can be read. */
  readonly uncommented: string;
  /** Without comments and without the content of strings, templates and regular expressions. */
  readonly code: string;
}

const REGEX_MAY_FOLLOW = /(?:^|[(,=:[!&|?{};+\-*%^~<>]|\b(?:return|typeof|case|in|of|do|else|void))\s*$/;

/** Splits TypeScript or JavaScript text; good enough for formatted code, not a parser. */
export function scanSource(text: string): SourceText {
  // By UTF-16 units, as offsets count them.
  const uncommented = text.split('');
  const code = text.split('');
  const blank = (target: string[], from: number, to: number): void => {
    for (let at = from; at < to; at++) if (target[at] !== '\n') target[at] = ' ';
  };
  /** Depths of braces at which a template's `${` was opened: its `}` returns to the template. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    let end = at + 1;
    if (text.startsWith('//', at) || text.startsWith('#!', at)) {
      end = endOf(text.indexOf('\n', at), text);
      blank(uncommented, at, end);
      blank(code, at, end);
    } else if (text.startsWith('/*', at)) {
      end = endOf(text.indexOf('*/', at + 2), text, 2);
      blank(uncommented, at, end);
      blank(code, at, end);
    } else if (char === "'" || char === '"') {
      end = endOfQuoted(text, at, char);
      blank(code, at + 1, end - 1);
    } else if (char === '/' && REGEX_MAY_FOLLOW.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      end = endOfRegex(text, at);
      blank(code, at + 1, end - 1);
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      end = endOfTemplatePart(text, at);
      if (text.startsWith('${', end - 2)) templates.push(depth);
      blank(code, at + 1, end - (text.startsWith('${', end - 2) ? 2 : 1));
    } else if (char === '{') {
      depth++;
    } else if (char === '}') {
      depth--;
    }
    at = end;
  }
  return { uncommented: uncommented.join(''), code: code.join('') };
}

function endOf(found: number, text: string, length = 0): number {
  return found < 0 ? text.length : found + length;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return start + 1;
}

/** From a template's opening back-tick, or the `}` that returns to it, to its end or the next `${`. */
function endOfTemplatePart(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text.startsWith('${', at)) return at + 2;
  }
  return text.length;
}

export interface Import {
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*|\bimport\s*\(\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;

/** Static, dynamic and type-only imports and re-exports. */
export function importsOf({ uncommented, code }: SourceText): readonly Import[] {
  return (
    [...uncommented.matchAll(IMPORT)]
      // Text inside a string that merely looks like an import was blanked in `code`.
      .filter((match) => code.startsWith(match[0].slice(0, 4), match.index))
      .map((match) => ({
        specifier: match[2] ?? '',
        line: lineAt(uncommented, match.index + match[0].length),
      }))
  );
}

/** The line, counted from 1, that an offset is on. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** The package of a bare specifier, or null for a relative path or a module of Node. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('node:')) return null;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? null);
}
