/**
 * Texts that many devices share (versions, networks, reasons), held once and counted, so that a device keeps a
 * small number instead of a string. A text that nobody uses any more gives its number back.
 */
export class TextPool {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [''];
  readonly #uses: number[] = [1];
  readonly #free: number[] = [];

  /** Texts in use; the empty one is always there, under number 0. */
  get size(): number {
    return this.#ids.size + 1;
  }

  /** The number of `text`, with one more user. */
  take(text: string): number {
    if (text === '') return 0;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#free.pop() ?? this.#texts.length;
      this.#ids.set(text, id);
      this.#texts[id] = text;
      this.#uses[id] = 0;
    }
    this.#uses[id] = (this.#uses[id] as number) + 1;
    return id;
  }

  /** One user less. */
  release(id: number): void {
    if (id === 0) return;
    const uses = (this.#uses[id] as number) - 1;
    this.#uses[id] = uses;
    if (uses > 0) return;
    this.#ids.delete(this.#texts[id] as string);
    this.#texts[id] = '';
    this.#free.push(id);
  }

  text(id: number): string {
    return this.#texts[id] as string;
  }
}
