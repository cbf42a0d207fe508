/** What becomes of what has happened: history keeps it, and those who listen hear of it. */
import { History, type HistoryParts } from './history.ts';
import { EventHub } from './io/event-hub.ts';
import type { MonitorParts } from './monitor.ts';

export interface Past {
  readonly history: History;
  readonly events: EventHub;
  readonly listeners: Pick<MonitorParts, 'onDurable' | 'onDoubts'>;
}

export function pastOf(parts: HistoryParts): Past {
  const events = new EventHub(parts.clock);
  const history = new History(parts);
  return {
    history,
    events,
    listeners: {
      onDurable: (commit) => events.committed(commit),
      onDoubts(doubts) {
        events.doubted(doubts);
        history.doubted(doubts);
      },
    },
  };
}
