/** Where the monitor's alerts arrive: a web server that believes nothing that is not signed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that was signed well. */
export interface Delivery {
  readonly event: 'opened' | 'resolved';
  readonly device: string;
  readonly alertId: string;
  readonly idempotencyKey: string;
  readonly summary: string;
  /** When it arrived, wall-clock ms. */
  readonly atMs: number;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly deliveries: readonly Delivery[];
  /** Why requests were turned away. */
  readonly refusals: readonly string[];
  close(): Promise<void>;
}

/** How old a signed timestamp may be: a request caught on its way must not be played again later. */
const MAX_AGE_SECONDS = 300;
const MAX_BODY_BYTES = 64 * 1024;

export interface SignedRequest {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: string;
}

/** `v1=<hex HMAC-SHA256 of "timestamp.body">`; returns what is wrong, or null. */
export function checkSignature(request: SignedRequest, secret: string, nowMs: number): string | null {
  const { timestamp, signature, body } = request;
  if (timestamp === undefined || signature === undefined) return 'not signed';
  if (Math.abs(nowMs / 1000 - Number(timestamp)) <= MAX_AGE_SECONDS) {
    const expected = `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
    const [given, wanted] = [Buffer.from(signature), Buffer.from(expected)];
    return given.length === wanted.length && timingSafeEqual(given, wanted) ? null : 'wrong signature';
  }
  return `timestamp ${timestamp} is too old, too new or no number`;
}

/** Reads a delivery's body; null when it is not one. */
export function parseDelivery(body: string, atMs: number): Delivery | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const { event, idempotency_key: idempotencyKey, alert } = (value ?? {}) as Record<string, unknown>;
  const { id: alertId, device, summary } = (alert ?? {}) as Record<string, unknown>;
  if (event !== 'opened' && event !== 'resolved') return null;
  if (typeof idempotencyKey !== 'string' || typeof alertId !== 'string') return null;
  if (typeof device !== 'string' || typeof summary !== 'string') return null;
  return { event, device, alertId, idempotencyKey, summary, atMs };
}

/** Listens on an ephemeral port of the loopback. */
export async function startWebhookReceiver(
  secret: string,
  onDelivery: (delivery: Delivery) => void = () => {},
): Promise<WebhookReceiver> {
  const deliveries: Delivery[] = [];
  const refusals: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, refusal: string | null): void => {
      if (refusal !== null) refusals.push(refusal);
      response.writeHead(status).end(refusal ?? '');
    };
    readBody(request).then(
      (body) => {
        const problem = checkSignature({ ...signatureOf(request), body }, secret, Date.now());
        if (problem !== null) return answer(401, problem);
        const delivery = parseDelivery(body, Date.now());
        if (delivery === null) return answer(400, `not a delivery: ${body.slice(0, 200)}`);
        if (request.headers['idempotency-key'] !== delivery.idempotencyKey) {
          return answer(400, 'Idempotency-Key and body disagree');
        }
        deliveries.push(delivery);
        answer(204, null);
        onDelivery(delivery);
      },
      (error: Error) => answer(400, error.message),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    deliveries,
    refusals,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function signatureOf({ headers }: IncomingMessage): Omit<SignedRequest, 'body'> {
  const text = (value: string | string[] | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined;
  return {
    timestamp: text(headers['x-keepalivehd-timestamp']),
    signature: text(headers['x-keepalivehd-signature']),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`body of more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
