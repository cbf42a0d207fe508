/** What a scrape of Prometheus would read. */

/** Values by name and labels, as in the exposition text. */
export class Metrics {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** The sum over all series of `name` whose labels include `labels` (such as `to="dead"`). */
  sum(name: string, labels = ''): number {
    return this.#lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => line.includes(labels))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
