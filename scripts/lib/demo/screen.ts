/** Where the story is told: a table that is redrawn in place below the news, or plain lines off a terminal. */

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Screen {
  readonly columns: number;
  /** A line that stays. */
  say(line: string): void;
  /** The table as it is now: redrawn in place on a terminal, ignored elsewhere. */
  refresh(table: readonly string[]): void;
  /** The table as it is now, as lines that stay; on a terminal it is always in sight anyway. */
  snapshot(table: readonly string[]): void;
  /** Leaves the last table where it is and shows the cursor again. */
  close(): void;
}

const DEFAULT_COLUMNS = 120;

/** `isDumb`: a terminal that cannot move its cursor. */
export function createScreen(output: Output, isDumb: boolean): Screen {
  return output.isTTY === true && !isDumb ? new LiveScreen(output) : new PlainScreen(output);
}

class PlainScreen implements Screen {
  readonly columns = DEFAULT_COLUMNS;
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
  }

  refresh(): void {}

  snapshot(table: readonly string[]): void {
    this.#output.write(`\n${table.join('\n')}\n\n`);
  }

  close(): void {}
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

class LiveScreen implements Screen {
  readonly #output: Output;
  #table: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
    output.write(HIDE_CURSOR);
  }

  get columns(): number {
    return this.#output.columns ?? DEFAULT_COLUMNS;
  }

  say(line: string): void {
    this.#output.write(`${this.#erased()}${line}\n${this.#drawn()}`);
  }

  refresh(table: readonly string[]): void {
    const erased = this.#erased();
    this.#table = table;
    this.#output.write(`${erased}${this.#drawn()}`);
  }

  snapshot(table: readonly string[]): void {
    this.refresh(table);
  }

  close(): void {
    this.#output.write(SHOW_CURSOR);
    this.#table = [];
  }

  /** From the line below the table to its first line, and everything from there on cleared. */
  #erased(): string {
    return this.#table.length === 0 ? '' : `\x1b[${this.#table.length + 1}A\r\x1b[J`;
  }

  #drawn(): string {
    return this.#table.length === 0 ? '' : `\n${this.#table.join('\n')}\n`;
  }
}
