import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFleetMail } from '../../../../agent/io/fleet-mail.ts';
import type { ConfigurationReport } from '../../../../protocol/configuration-report.ts';
import type { MqttSession } from '../../../../runtime/mqtt-session.ts';

const REPORT: ConfigurationReport = { epoch: 1, running: [], last: null, refusals: {}, overridden: [] };

interface Said {
  readonly topic: string;
  readonly retain: boolean | undefined;
}

/** A session that answers a publish with `error`. */
function session(error: Error | null): {
  readonly filters: string[];
  readonly said: Said[];
  readonly it: MqttSession;
} {
  const [filters, said]: [string[], Said[]] = [[], []];
  const it = {
    subscribe: (wanted: readonly { readonly topic: string }[]) =>
      void filters.push(...wanted.map(({ topic }) => topic)),
    publish: (
      topic: string,
      _payload: Uint8Array,
      { retain }: { readonly retain?: boolean },
      onDone: (error: Error | null) => void,
    ) => {
      said.push({ topic, retain });
      onDone(error);
    },
  } as unknown as MqttSession;
  return { filters, said, it };
}

function mail(groups: readonly string[] = ['pumps', 'pilot']) {
  const heard: [string, number][] = [];
  const log = { write: () => {}, flush: async () => {} };
  const it = createFleetMail({ name: 'pump-17', groups }, log, (topic, payload) =>
    heard.push([topic, payload.length]),
  );
  return { it, heard };
}

test('hears its own document, the one that is handed to it, and those of its groups, and no others', () => {
  const { it, heard } = mail();
  const { filters, it: link } = session(null);
  it.follow(link);
  const topics = [
    'khd/1/pump-17/config',
    'khd/1/pump-17/config/wave',
    'khd/1/group/pumps/config',
    'khd/1/group/pilot/config',
  ];
  assert.deepEqual(filters, topics);
  for (const topic of topics) assert.equal(it.heard(topic, new Uint8Array(3)), true);
  for (const topic of ['khd/1/pump-17/ask', 'khd/1/pump-18/config', 'khd/1/group/other/config']) {
    assert.equal(it.heard(topic, new Uint8Array(3)), false);
  }
  assert.deepEqual(
    heard,
    topics.map((topic) => [topic, 3]),
  );
  it.listen();
  assert.deepEqual(filters, [...topics, ...topics]);
});

test('a report is retained; what did not arrive is said again later, what the broker refuses is not', () => {
  const outcomes: boolean[] = [];
  const say = (error: Error | null): Said[] => {
    const { it } = mail();
    const { said, it: link } = session(error);
    it.follow(link);
    it.publish(REPORT, (ok) => outcomes.push(ok));
    return said;
  };
  assert.deepEqual(say(null), [{ topic: 'khd/1/pump-17/config/report', retain: true }]);
  say(new Error('closed'));
  say(Object.assign(new Error('not authorized'), { code: 135 }));
  mail().it.publish(REPORT, (ok) => outcomes.push(ok));
  assert.deepEqual(outcomes, [true, false, true, false]);
});
