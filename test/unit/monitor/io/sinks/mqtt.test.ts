import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMqttSink, type MqttPublisher } from '../../../../../monitor/io/sinks/mqtt.ts';
import { incidentMessageOf, messageOf } from '../samples.ts';

interface Published {
  readonly topic: string;
  readonly text: string;
  readonly options: { readonly qos: 0 | 1; readonly retain: boolean };
}

function publisher(outcome: () => Promise<void>): MqttPublisher & { readonly published: Published[] } {
  const published: Published[] = [];
  return {
    published,
    publish(topic, payload, options) {
      published.push({ topic, text: new TextDecoder().decode(payload), options });
      return outcome();
    },
  };
}

const NEVER = new AbortController().signal;
const opened = { ...messageOf('mqtt', 'dev-1', 4), id: 1 };

describe('the MQTT sink', () => {
  it('retains an open alert and takes a resolved one away', async () => {
    const link = publisher(async () => {});
    const sink = createMqttSink(link);
    assert.equal(await sink.deliver(opened, NEVER), 'delivered');
    assert.equal(await sink.deliver({ ...opened, event: 'resolved' }, NEVER), 'delivered');
    const [first, second] = link.published;
    assert.equal(first?.topic, 'khd/1/alert/dev-1');
    assert.deepEqual(first?.options, { qos: 1, retain: true });
    assert.equal(JSON.parse(first?.text ?? '').alert.id, 'dev-1:4');
    assert.deepEqual(second, { topic: 'khd/1/alert/dev-1', text: '', options: { qos: 1, retain: true } });
  });

  it('retains an incident as long as it is open', async () => {
    const link = publisher(async () => {});
    const sink = createMqttSink(link);
    for (const event of ['opened', 'grown', 'reminded', 'resolved'] as const)
      await sink.deliver({ ...incidentMessageOf('mqtt', 'i1', { event }), id: 1 }, NEVER);
    assert.deepEqual(new Set(link.published.map(({ topic }) => topic)), new Set(['khd/1/incident/i1']));
    const events = link.published.map(({ text }) => text && JSON.parse(text).event);
    assert.deepEqual(events, ['opened', 'grown', 'reminded', '']);
    assert.equal(JSON.parse(link.published[1]?.text ?? '').incident.member_count, 40);
  });

  it('is not delivered without the acknowledgement', async () => {
    const abort = new AbortController();
    const refused = createMqttSink(publisher(() => Promise.reject(new Error('not authorised'))));
    assert.deepEqual(await refused.deliver(opened, NEVER), { retryAfterMs: null, error: 'not authorised' });
    const silent = createMqttSink(publisher(() => new Promise(() => {}))).deliver(opened, abort.signal);
    abort.abort();
    const answer = await silent;
    assert.ok(typeof answer === 'object' && 'error' in answer);
  });
});
