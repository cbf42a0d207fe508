/**
 * Alerts as signed HTTP posts. The receiver can tell repeats by `Idempotency-Key`, and forgeries and replays by
 * the signature over timestamp and body. Nothing of the address but its host is ever said: it may be a secret.
 */
import { createHmac } from 'node:crypto';
import type { WebhookSettings } from '../../../config/alert-settings.ts';
import type { OutboxMessage } from '../../policy/device.ts';
import { postJson } from './http-post.ts';
import { messageJson, type Sink } from './sink.ts';

/** `wallMs` is the clock of the timestamps. */
export function createWebhookSink(settings: WebhookSettings, wallMs: () => number): Sink {
  const target = new URL(settings.url);
  return {
    name: 'webhook',
    concurrency: 8,
    async deliver(message, signal) {
      const body = webhookBody(message);
      const signed = signatureHeaders(body, settings.secret, wallMs());
      const request = {
        url: target,
        body,
        headers: { 'Idempotency-Key': message.idempotencyKey, ...signed },
      };
      return postJson(request, settings.timeoutSeconds, signal, wallMs());
    },
  };
}

/** The posted JSON text. */
export function webhookBody(message: OutboxMessage): string {
  return JSON.stringify(messageJson(message));
}

/**
 * `X-KeepAliveHD-Timestamp` (whole seconds since 1970) and, with a secret, `X-KeepAliveHD-Signature`:
 * `v1=` and the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`.
 */
export function signatureHeaders(
  body: string,
  secret: string | undefined,
  wallMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(wallMs / 1000));
  if (secret === undefined) return { 'X-KeepAliveHD-Timestamp': timestamp };
  const hmac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'X-KeepAliveHD-Timestamp': timestamp, 'X-KeepAliveHD-Signature': `v1=${hmac}` };
}
