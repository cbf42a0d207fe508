import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMqttSink, type MqttPublisher } from '../../../../../monitor/io/sinks/mqtt.ts';
import { messageOf } from '../samples.ts';

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
