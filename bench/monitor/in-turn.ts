/** Stages one after the other: each is cleaned up after, and one that fails takes nothing from the others. */
import type { Cleanups } from '../../test/e2e/support/cleanups.ts';
import type { StageName } from './options.ts';

export class InTurn {
  readonly #wanted: ReadonlySet<StageName>;
  readonly #cleanups: Cleanups;
  readonly #say: (text: string) => void;
  readonly #failed: Record<string, string> = {};

  /** `cleanups`: what the stage under way has started. */
  constructor(wanted: ReadonlySet<StageName>, cleanups: Cleanups, say: (text: string) => void) {
    this.#wanted = wanted;
    this.#cleanups = cleanups;
    this.#say = say;
  }

  /** Why stages failed, by name. */
  get failed(): Readonly<Record<string, string>> {
    return this.#failed;
  }

  /** What the stage gives; null when it is not wanted, or failed. Never rejects. */
  async run<T>(name: StageName, stage: (cleanups: Cleanups) => Promise<T> | T): Promise<T | null> {
    if (!this.#wanted.has(name)) return null;
    try {
      return await stage(this.#cleanups);
    } catch (error) {
      this.#fail(name, error);
      return null;
    } finally {
      await this.#cleanups.run().catch((error: unknown) => this.#fail(name, error));
    }
  }

  #fail(name: StageName, error: unknown): void {
    this.#failed[name] ??= error instanceof Error ? error.message : String(error);
    this.#say(`${name} failed: ${this.#failed[name]}`);
  }
}
