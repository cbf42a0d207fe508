/**
 * The silences of one of many monitors: those of its configuration, and those of the API as they are in Redis. Each
 * round asks for the version. Who learns of a change looks at all open notices once, whoever has the turn: what it
 * wrote before, it wrote by the list that it knew then.
 */
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { SilenceList, SilenceStore } from '../io/stores/redis/silence-store.ts';
import { CONFIGURED, KEPT_OVER_MS } from '../notifier.ts';
import type { Silence, Silences } from '../policy/silence.ts';
import { tellTrouble } from './heard-queue.ts';

/** How often it is asked which silences are over for good. */
const TIDY_MS = 60_000;

export interface SharedSilenceParts {
  readonly store: Pick<SilenceStore, 'version' | 'list' | 'put' | 'remove' | 'forget'>;
  /** What all decisions are made by; kept as the list in the store is. */
  readonly silences: Silences;
  /** The list is another: open notices are to be looked at. */
  readonly onChanged: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class SharedSilences {
  readonly #parts: SharedSilenceParts;
  #version = '';
  /** Changes made here: a list that was asked for before one of them does not have it. */
  #changes = 0;
  #isAsking = false;
  #tidyMs = 0;
  /** Silences that are over by the wall clock, and monotonic ms since when they have been all the time. */
  readonly #overSince = new Map<string, number>();

  constructor(parts: SharedSilenceParts) {
    this.#parts = parts;
  }

  /** Takes up the list, before anybody is judged. Rejects when the store does not answer. */
  async load(): Promise<void> {
    this.#take(await this.#parts.store.list());
  }

  /** Once a round. Never rejects: without an answer the list stays as it was last known. */
  async look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { store, log, clock } = this.#parts;
    try {
      if ((await store.version()) !== this.#version) await this.#renew();
      const { monotonicMs } = clock.now();
      if (monotonicMs >= this.#tidyMs) {
        this.#tidyMs = monotonicMs + TIDY_MS;
        await this.#tidy(monotonicMs);
      }
    } catch (error) {
      tellTrouble(log, error);
    } finally {
      this.#isAsking = false;
    }
  }

  list(): readonly { readonly silence: Silence; readonly inForce: boolean }[] {
    const { silences, clock } = this.#parts;
    const { wallMs } = clock.now();
    return silences.list().map((silence) => ({ silence, inForce: silences.isInForce(silence, wallMs) }));
  }

  /** In Redis when it resolves with true; false: it did not say yes. */
  async silence(silence: Silence): Promise<boolean> {
    const { store, log } = this.#parts;
    if (!(await this.#stored(() => store.put(silence)))) return false;
    log.write('info', 'silenceAdded', `silence ${silence.id}: ${silence.comment}`, { silence: silence.id });
    this.#changeHere(() => this.#parts.silences.put(silence));
    return true;
  }

  async unsilence(id: string): Promise<'removed' | 'unknown' | 'configured' | 'failed'> {
    const { store, silences, log } = this.#parts;
    if (id.startsWith(CONFIGURED)) return silences.get(id) === undefined ? 'unknown' : 'configured';
    let wasThere = false;
    const remove = async (): Promise<void> => {
      wasThere = await store.remove(id);
    };
    if (!(await this.#stored(remove))) return 'failed';
    if (!wasThere && silences.get(id) === undefined) return 'unknown';
    log.write('info', 'silenceRemoved', `silence ${id} is no more`, { silence: id });
    this.#changeHere(() => silences.remove(id));
    return 'removed';
  }

  /** Here it counts at once; the next round finds the new version, and takes the list as it is then. */
  #changeHere(change: () => void): void {
    this.#changes += 1;
    change();
    this.#parts.onChanged();
  }

  async #renew(): Promise<void> {
    const changes = this.#changes;
    const list = await this.#parts.store.list();
    if (this.#changes === changes) this.#take(list);
  }

  #take({ version, silences: found }: SilenceList): void {
    const { silences, onChanged } = this.#parts;
    this.#version = version;
    const ids = new Set(found.map(({ id }) => id));
    for (const { id } of silences.list()) if (!id.startsWith(CONFIGURED) && !ids.has(id)) silences.remove(id);
    for (const silence of found) silences.put(silence);
    onChanged();
  }

  /** What is over goes when this clock and the server's have said so for long: either may be wrong. */
  async #tidy(monotonicMs: number): Promise<void> {
    const { store, silences, clock, log } = this.#parts;
    const over = silences.over(clock.now().wallMs).filter(({ id }) => !id.startsWith(CONFIGURED));
    const ids = new Set(over.map(({ id }) => id));
    for (const id of this.#overSince.keys()) if (!ids.has(id)) this.#overSince.delete(id);
    for (const { id, window } of over) {
      const sinceMs = this.#overSince.get(id) ?? monotonicMs;
      this.#overSince.set(id, sinceMs);
      if (window.kind !== 'once' || monotonicMs - sinceMs < KEPT_OVER_MS) continue;
      if (await store.forget(id, window.toMs + KEPT_OVER_MS))
        log.write('info', 'silenceEnded', `silence ${id} has ended`, { silence: id });
    }
  }

  async #stored(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.write('error', 'silenceNotStored', `Redis does not confirm a silence: ${why}`);
      return false;
    }
  }
}
