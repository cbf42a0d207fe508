/** What the middle does to a connection that was idle for too long. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventQueue } from '../../../../bench/world/event-queue.ts';
import { Connection, type Forgetting, Path } from '../../../../bench/world/path.ts';

const IDLE_MS = 1000;

interface Seen {
  readonly events: string[];
  readonly queue: EventQueue;
  readonly path: Path;
  readonly connection: Connection;
}

function connect(forgetting: Forgetting): Seen {
  const events: string[] = [];
  const queue = new EventQueue();
  const note = (what: string): void => void events.push(`${queue.now}: ${what}`);
  const settings = { delayMs: 20, lossRate: 0, idleTimeoutMs: IDLE_MS, forgetting, oneWayMs: () => 10 };
  const path = new Path(settings, queue, () => 0.5, {
    radioSends: () => note('sent'),
    died: (sinceMs, expired) => note(`${expired ? 'expired' : 'lost'} at ${sinceMs}`),
    revived: (sinceMs) => note(`revived, deaf since ${sinceMs}`),
  });
  const connection = new Connection(path, queue, {
    onReset: () => note('RST'),
    onFin: () => note('FIN'),
    onBrokerFin: () => note('FIN at the broker'),
  });
  return { events, queue, path, connection };
}

/** A packet up at 900 ms, another at 3000 ms. */
function idleTooLong(forgetting: Forgetting): readonly string[] {
  const { events, queue, connection } = connect(forgetting);
  const send = (): void => connection.send('up', () => void events.push(`${queue.now}: arrived`));
  queue.at(900, send);
  queue.at(3000, send);
  queue.runUntil(5000);
  return events;
}

describe('a path that forgets idle connections', () => {
  const alive = ['900: sent', '910: arrived'];

  it('silent: swallows the next packet', () => {
    assert.deepEqual(idleTooLong('silent'), [...alive, '3000: sent', '3000: expired at 1900']);
  });

  it('reset: answers the next packet with RST after a round trip', () => {
    const end = ['3000: sent', '3000: expired at 1900', '3020: RST'];
    assert.deepEqual(idleTooLong('reset'), [...alive, ...end]);
  });

  it('closes: ends it at the limit, towards both ends', () => {
    const end = ['1900: expired at 1900', '1901: FIN at the broker', '1910: FIN', '3000: sent'];
    assert.deepEqual(idleTooLong('closes'), [...alive, ...end]);
  });

  it('revives: lets the next packet of the device through, and nothing down before it', () => {
    const { events, queue, connection } = connect('revives');
    queue.at(2000, () => connection.send('down', () => void events.push('down arrived')));
    queue.at(3000, () => connection.send('up', () => void events.push('up arrived')));
    queue.at(3500, () => connection.send('down', () => void events.push('down arrived later')));
    queue.runUntil(5000);
    const expected = ['3000: sent', '3000: revived, deaf since 1000', 'up arrived', 'down arrived later'];
    assert.deepEqual(events, expected);
  });

  it('dates a lost state by its first loss, and spares connections opened after it', () => {
    const { events, queue, path, connection } = connect('silent');
    queue.at(300, () => path.loseState());
    queue.at(600, () => path.loseState());
    queue.at(700, () => connection.send('up', () => void events.push('arrived')));
    queue.at(800, () => new Connection(path, queue).send('up', () => void events.push('fresh one arrived')));
    queue.runUntil(2000);
    assert.deepEqual(events, ['700: sent', '700: lost at 300', '800: sent', 'fresh one arrived']);
  });
});
