import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import {
  checkSignature,
  parseDelivery,
  startWebhookReceiver,
} from '../../../../../scripts/lib/demo/webhook-receiver.ts';

const SECRET = 'a secret';
const BODY = JSON.stringify({
  event: 'opened',
  idempotency_key: 'pump:7:3',
  alert: { id: 'pump:3', device: 'pump', summary: 'silent' },
});

function sign(body: string, timestamp: string, secret = SECRET): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

test('accepts what the secret signed, within five minutes either way', () => {
  for (const seconds of [1000, 1000 - 299, 1000 + 299]) {
    const timestamp = String(seconds);
    const request = { timestamp, signature: sign(BODY, timestamp), body: BODY };
    assert.equal(checkSignature(request, SECRET, 1_000_000), null);
  }
});

test('refuses what is unsigned, altered, signed by another or played again', () => {
  const good = { timestamp: '1000', signature: sign(BODY, '1000'), body: BODY };
  const cases: [Partial<typeof good> | { signature: undefined }, RegExp][] = [
    [{ signature: undefined }, /not signed/],
    [{ body: `${BODY} ` }, /wrong signature/],
    [{ timestamp: '1001' }, /wrong signature/],
    [{ signature: sign(BODY, '1000', 'another') }, /wrong signature/],
    [{ signature: 'v1=' }, /wrong signature/],
    [{ timestamp: '600', signature: sign(BODY, '600') }, /too old/],
    [{ timestamp: 'soon', signature: sign(BODY, 'soon') }, /no number/],
  ];
  for (const [change, problem] of cases) {
    assert.match(checkSignature({ ...good, ...change }, SECRET, 1_000_000) ?? '', problem);
  }
});

test('reads deliveries and nothing else', () => {
  assert.deepEqual(parseDelivery(BODY, 5), {
    event: 'opened',
    device: 'pump',
    alertId: 'pump:3',
    idempotencyKey: 'pump:7:3',
    summary: 'silent',
    atMs: 5,
  });
  for (const body of ['', 'null', '[]', '{}', '{"event":"opened"}', BODY.replace('opened', 'closed')]) {
    assert.equal(parseDelivery(body, 5), null, body);
  }
});

test('over HTTP: 204 for what is signed well, 401 and 400 for the rest', async (context) => {
  const heard: string[] = [];
  const receiver = await startWebhookReceiver(SECRET, (delivery) => heard.push(delivery.device));
  context.after(() => receiver.close());
  const post = async (body: string, headers: Record<string, string> = {}): Promise<number> => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signed = { 'X-KeepAliveHD-Timestamp': timestamp, 'X-KeepAliveHD-Signature': sign(body, timestamp) };
    const response = await fetch(receiver.url, { method: 'POST', body, headers: { ...signed, ...headers } });
    return response.status;
  };
  assert.equal(await post(BODY, { 'Idempotency-Key': 'pump:7:3' }), 204);
  assert.equal(await post(BODY, { 'Idempotency-Key': 'pump:7:4' }), 400);
  assert.equal(await post('{}'), 400);
  assert.equal(await post('x'.repeat(100_000)), 400);
  assert.equal(await post(BODY, { 'X-KeepAliveHD-Signature': 'v1=00' }), 401);
  assert.deepEqual(heard, ['pump']);
  assert.equal(receiver.deliveries.length, 1);
  assert.equal(receiver.refusals.length, 4);
});
