/** Open alerts as retained messages: who subscribes later still learns of them. */
import { alertTopic, incidentTopic } from '../../../protocol/topics.ts';
import { messageJson, type Sink } from './sink.ts';

export interface MqttPublisher {
  /** Resolves when the broker has taken responsibility (PUBACK); rejects when the link is down or it refuses. */
  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
  ): Promise<void>;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Delivered at PUBACK. An empty retained message takes the alert or incident away when it is resolved. */
export function createMqttSink(publisher: MqttPublisher): Sink {
  return {
    name: 'mqtt',
    concurrency: 32,
    async deliver(message, signal) {
      const { event, notice } = message;
      const topic =
        notice.kind === 'alert' ? alertTopic(notice.alert.device) : incidentTopic(notice.incident.id);
      const text = event === 'resolved' ? '' : JSON.stringify(messageJson(message));
      try {
        const payload = new TextEncoder().encode(text);
        const published = publisher.publish(topic, payload, { qos: 1, retain: true });
        await Promise.race([
          published,
          failsOn(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])),
        ]);
        return 'delivered';
      } catch (error) {
        // A refusal (permissions) passes once the operator has mended it; the alert is still owed then.
        return { retryAfterMs: null, error: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

function failsOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(new Error('the broker did not acknowledge in time'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
