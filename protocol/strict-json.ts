/**
 * JSON as strangers send it (RFC 8259), read so that no two readers can disagree: a name that stands twice in one
 * object is refused (RFC 7493 section 2.3; `JSON.parse` takes the last), and so are bytes that are not UTF-8.
 */

export type JsonRefusal = 'not-utf8' | 'not-json' | 'duplicate-key' | 'too-deep';

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: JsonRefusal };

/** Reads `bytes`; `maxDepth` counts objects and arrays inside one another. Never throws. The size is the caller's to bound. */
export function parseStrictJson(bytes: Uint8Array, maxDepth: number): ParsedJson {
  const text = decodeUtf8(bytes);
  if (text === null) return { ok: false, refusal: 'not-utf8' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, refusal: 'not-json' };
  }
  const refusal = inspect(text, maxDepth);
  return refusal === null ? { ok: true, value } : { ok: false, refusal };
}

/** The text of `bytes`; null when they are not UTF-8. A byte order mark stays, and is no JSON. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Walks over `text`, which is valid JSON. */
function inspect(text: string, maxDepth: number): 'duplicate-key' | 'too-deep' | null {
  /** The names met in each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null);
      if (open.length > maxDepth) return 'too-deep';
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (names && isName(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string;
        if (names.has(name)) return 'duplicate-key';
        names.add(name);
      }
      at = end - 1;
    }
  }
  return null;
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Whether the string that ends at `end` names a member: only then does a colon follow. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++;
  return text[at] === ':';
}
