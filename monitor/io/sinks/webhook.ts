/**
 * Alerts as signed HTTP posts. The receiver can tell repeats by `Idempotency-Key`, and forgeries and replays by
 * the signature over timestamp and body. Nothing of the address but its host is ever said: it may be a secret.
 */
import { createHmac } from 'node:crypto';
import type { WebhookSettings } from '../../../config/alert-settings.ts';
import type { OutboxMessage } from '../../policy/device.ts';
import { type DeliveryAnswer, messageJson, type Sink } from './sink.ts';

/** What is wrong with the message itself (RFC 9110 section 15.5): sending it again would change nothing. */
const REFUSALS = new Set([400, 406, 409, 411, 413, 414, 415, 422]);

/** `wallMs` is the clock of the timestamps. */
export function createWebhookSink(settings: WebhookSettings, wallMs: () => number): Sink {
  const target = new URL(settings.url);
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'User-Agent': 'KeepAliveHD' };
  if (target.username !== '' || target.password !== '') {
    // fetch refuses an address with credentials; RFC 7617 says how to send them.
    const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    headers.Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    target.username = '';
    target.password = '';
  }
  return {
    name: 'webhook',
    concurrency: 8,
    async deliver(message, signal) {
      const body = webhookBody(message);
      const timeout = AbortSignal.timeout(settings.timeoutSeconds * 1000);
      try {
        const response = await fetch(target, {
          method: 'POST',
          body,
          headers: {
            ...headers,
            'Idempotency-Key': message.idempotencyKey,
            ...signatureHeaders(body, settings.secret, wallMs()),
          },
          redirect: 'manual',
          signal: AbortSignal.any([signal, timeout]),
        });
        // Unread bodies would hold the connection.
        await response.body?.cancel();
        return judgeResponse(response.status, response.headers.get('retry-after'), wallMs());
      } catch (error) {
        return { retryAfterMs: null, error: describe(error, target.host, timeout.aborted) };
      }
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

/** What a status means for the delivery. `retryAfter` is the header's text, in seconds or as a date. */
export function judgeResponse(status: number, retryAfter: string | null, wallMs: number): DeliveryAnswer {
  if (status >= 200 && status < 300) return 'delivered';
  if (REFUSALS.has(status)) return { refused: `HTTP ${status}` };
  // A wrong address or a missing permission passes once the operator has mended it; the alert is owed until then.
  const redirect = status >= 300 && status < 400;
  const error = redirect
    ? `HTTP ${status}: redirects are not followed; set the final address`
    : `HTTP ${status}`;
  return { retryAfterMs: redirect ? null : parseRetryAfter(retryAfter, wallMs), error };
}

/** RFC 9110 section 10.2.3; what cannot be read counts as absent. */
function parseRetryAfter(text: string | null, wallMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text.trim()) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - wallMs);
}

/** fetch hides the reason in `cause`, and its own messages may quote the address. */
function describe(error: unknown, host: string, timedOut: boolean): string {
  if (timedOut) return `no answer from ${host} in time`;
  const cause = error instanceof Error ? error.cause : undefined;
  // WHATWG Fetch section 2.9 keeps browsers, and so every fetch, from some ports.
  if (cause instanceof Error && cause.message === 'bad port')
    return `${host} has a port that fetch never connects to; let the receiver listen elsewhere`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null;
  return `${host} cannot be reached${code === null ? '' : ` (${code})`}`;
}
