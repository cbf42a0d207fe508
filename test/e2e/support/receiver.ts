/** A webhook's receiver that behaves as badly as the test wants, and remembers every request. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A status (with headers); a connection that is cut, before or in the middle of the answer; yes, with rubbish; or no
 * answer at all.
 */
export type Behaviour =
  | number
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  /** Yes, after so long. */
  | { readonly holdMs: number }
  | 'cut'
  | 'half'
  | 'rubbish'
  | 'silent';

export interface Received {
  readonly event: string;
  /** Of an alert. */
  readonly device: string;
  readonly alertId: string;
  /** The whole incident; null: it was an alert. */
  readonly incident: Readonly<Record<string, unknown>> | null;
  readonly idempotencyKey: string;
  readonly signed: boolean;
  readonly answer: Behaviour;
  readonly atMs: number;
}

export interface Receiver {
  readonly url: string;
  readonly requests: readonly Received[];
  /** What was answered with yes. */
  accepted(): readonly Received[];
  /** How the next requests are answered; then 204. */
  behave(...behaviours: Behaviour[]): void;
  /** Forgets what was left of that. */
  relent(): void;
  close(): Promise<void>;
}

/** `port`: where it listens; left out, anywhere. */
export async function startReceiver(secret: string, port = 0): Promise<Receiver> {
  const requests: Received[] = [];
  const script: Behaviour[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { event, alert = {}, incident = null } = JSON.parse(body);
    const answer = script.shift() ?? 204;
    requests.push({
      event,
      device: alert.device,
      alertId: alert.id,
      incident,
      idempotencyKey: String(request.headers['idempotency-key']),
      signed: isSigned(request, body, secret),
      answer,
      atMs: Date.now(),
    });
    if (answer === 'cut') request.socket.destroy();
    else if (answer === 'half') request.socket.end('HTTP/1.1 20');
    else if (answer === 'rubbish') response.end('<html>\0{"error":');
    else if (typeof answer === 'object' && 'holdMs' in answer)
      setTimeout(() => response.writeHead(204).end(), answer.holdMs);
    else if (typeof answer === 'object') response.writeHead(answer.status, { ...answer.headers }).end();
    else if (answer !== 'silent') response.writeHead(answer).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    accepted: () => requests.filter(({ answer }) => isYes(answer)),
    behave: (...behaviours) => void script.push(...behaviours),
    relent: () => void script.splice(0),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isYes(answer: Behaviour): boolean {
  return answer === 204 || answer === 'rubbish' || (typeof answer === 'object' && 'holdMs' in answer);
}

function isSigned({ headers }: IncomingMessage, body: string, secret: string): boolean {
  const timestamp = headers['x-keepalivehd-timestamp'];
  const hmac = createHmac('sha256', secret)
    .update(`${String(timestamp)}.${body}`)
    .digest('hex');
  return headers['x-keepalivehd-signature'] === `v1=${hmac}`;
}
