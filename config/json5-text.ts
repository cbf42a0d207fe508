/** JSON5: the language of the configuration file. The only import of json5. */
import JSON5 from 'json5';
import { duplicateKey, keyLines } from './json5-keys.ts';

export type ParsedText =
  | { readonly ok: true; readonly value: unknown; readonly lines: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly problem: string };

/** Parses a configuration text: its value, and the line of each key. Never throws; a problem names its place, counted from 1. */
export function parseJson5(text: string): ParsedText {
  try {
    // A byte order mark is what some editors leave; JSON5 counts it as white space.
    const value: unknown = JSON5.parse(text);
    const twice = duplicateKey(text);
    if (twice === null) return { ok: true, value, lines: keyLines(text) };
    const problem = `"${twice.name.slice(0, 60)}" stands there a second time, first on line ${twice.firstLine}`;
    return { ok: false, line: twice.line, column: twice.column, problem };
  } catch (error) {
    const { lineNumber, columnNumber, message } = error as Partial<
      Error & { lineNumber: number; columnNumber: number }
    >;
    return {
      ok: false,
      line: lineNumber ?? 1,
      column: columnNumber ?? 1,
      problem: (message ?? 'not readable').replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, ''),
    };
  }
}
