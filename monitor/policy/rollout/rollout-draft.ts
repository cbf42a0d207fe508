/** What one event leads to, while it is being worked out: what is kept, then published, then told. Pure. */
import type { Target } from '../../../protocol/configuration.ts';
import type { Member } from './member.ts';
import type { Rollout } from './rollout.ts';
import { headRow, memberKey, memberRow, type Row } from './rows.ts';
import { NEWS_WORDS } from './words.ts';

export type RolloutPublish =
  /** Give the device the document. `id`: the book is to be told `released` when all of a rollout are out. */
  | {
      readonly kind: 'offer';
      readonly id: string;
      readonly device: string;
      readonly target: Target;
      readonly document: string;
    }
  /** Take it from the device's topic; it keeps what it runs. */
  | { readonly kind: 'withdraw'; readonly id: string; readonly device: string; readonly target: Target }
  /** Leave it for devices of the group that come later. */
  | { readonly kind: 'settle'; readonly id: string; readonly target: Target; readonly document: string };

export interface RolloutNews {
  readonly rollout: Rollout;
  readonly what:
    | 'started'
    | 'waveReleased'
    | 'wavePassed'
    | 'halted'
    | 'resumed'
    | 'completed'
    | 'superseded';
  /** As it was when it happened: both go on before it is told. From 1. */
  readonly wave: number;
  readonly text: string;
}

/** Keep the rows first, publish after. */
export interface RolloutStep {
  readonly rows: readonly Row[];
  readonly publishes: readonly RolloutPublish[];
  readonly news: readonly RolloutNews[];
}

const NOTHING: RolloutStep = Object.freeze({ rows: [], publishes: [], news: [] });

export class RolloutDraft {
  #rows: Row[] = [];
  #publishes: RolloutPublish[] = [];
  #news: RolloutNews[] = [];

  row(row: Row): void {
    this.#rows.push(row);
  }

  head(rollout: Rollout): void {
    this.#rows.push(headRow(rollout));
  }

  member({ id }: Rollout, member: Member): void {
    this.#rows.push(memberRow(id, member));
  }

  forgetMember(id: string, device: string): void {
    this.#rows.push({ key: memberKey(id, device), text: null });
  }

  say(rollout: Rollout, what: RolloutNews['what']): void {
    this.#news.push({ rollout, what, wave: rollout.wave + 1, text: NEWS_WORDS[what](rollout) });
  }

  offer({ id, order }: Rollout, device: string): void {
    const { target, document } = order;
    this.#publishes.push({ kind: 'offer', id, device, target, document });
  }

  withdraw({ id, order }: Rollout, device: string): void {
    this.#publishes.push({ kind: 'withdraw', id, device, target: order.target });
  }

  settle({ id, order }: Rollout): void {
    this.#publishes.push({ kind: 'settle', id, target: order.target, document: order.document });
  }

  /** What was drafted since the last call. */
  take(): RolloutStep {
    const step = { rows: this.#rows, publishes: this.#publishes, news: this.#news };
    if (step.rows.length + step.publishes.length + step.news.length === 0) return NOTHING;
    this.#rows = [];
    this.#publishes = [];
    this.#news = [];
    return step;
  }
}
