/** What the API needs of the parts that tell people. */
import type { NoticeView } from '../../policy/notice-book.ts';
import type { Silence } from '../../policy/silence.ts';
import type { SinkView } from '../outbox.ts';

export interface NotifierFace {
  /** Whom the alert or incident of that id was told to; undefined: it is over, or part of an incident. */
  view(id: string): NoticeView | undefined;
  silences(): readonly { readonly silence: Silence; readonly inForce: boolean }[];
  /** False: the store does not take it. */
  silence(silence: Silence): Promise<boolean>;
  unsilence(id: string): Promise<'removed' | 'unknown' | 'configured' | 'failed'>;
}

export interface TellingFace {
  readonly notifier: NotifierFace;
  sinks(): readonly SinkView[] | Promise<readonly SinkView[]>;
}
