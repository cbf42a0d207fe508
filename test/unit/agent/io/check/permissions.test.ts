import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPermissions } from '../../../../../agent/io/check/permissions.ts';
import { loadAgentSettings } from '../../../../../config/load.ts';
import type { MqttSession } from '../../../../../runtime/mqtt-session.ts';

const KEY = 'A'.repeat(43);

/** A broker that refuses these topics. */
function brokerRefusing(...refused: readonly string[]) {
  const published: { readonly topic: string; readonly length: number; readonly retain: boolean }[] = [];
  const subscribed: string[] = [];
  const answer = (topic: string): Error | null =>
    refused.includes(topic) ? new Error('Not authorized') : null;
  const session = {
    publish(topic, { length }, { retain = false }, done) {
      published.push({ topic, length, retain });
      done?.(answer(topic));
    },
    subscribe(filters, done) {
      subscribed.push(...filters.map(({ topic }) => topic));
      done(filters.map(({ topic }) => answer(topic)).find((error) => error !== null) ?? null);
    },
  } as Pick<MqttSession, 'publish' | 'subscribe'> as MqttSession;
  return { session, published, subscribed };
}

function settingsWith(...given: readonly (readonly [string, string])[]) {
  const device = [
    ['device.name', 'pump-17'],
    ['device.groups', 'pilot'],
  ] as const;
  return loadAgentSettings({ env: {}, hostname: 'host', overrides: [...device, ...given] });
}
const withKeys = () => settingsWith(['fleet.trusted_keys', KEY]);

describe('what the broker lets a device do', () => {
  it('asks for no topic of signed settings where no key is trusted', async () => {
    const { session, published, subscribed } = brokerRefusing();
    const findings = await checkPermissions(session, settingsWith(), 5);
    assert.deepEqual(
      findings.map(({ check, outcome }) => [check, outcome]),
      [
        ['publish', 'ok'],
        ['subscribe', 'ok'],
      ],
    );
    assert.ok([...published.map(({ topic }) => topic), ...subscribed].every((t) => !t.includes('config')));
  });

  it('tries the report and each topic that brings settings, and harms nobody with it', async () => {
    const { session, published, subscribed } = brokerRefusing();
    const findings = await checkPermissions(session, withKeys(), 5);
    assert.ok(findings.every(({ outcome }) => outcome === 'ok'));
    assert.ok(published.some(({ topic }) => topic === 'khd/1/pump-17/config/report'));
    assert.ok(published.every(({ length, retain }) => length === 0 && !retain));
    const brought = ['khd/1/pump-17/config', 'khd/1/pump-17/config/wave', 'khd/1/group/pilot/config'];
    assert.deepEqual(subscribed.slice(1), brought);
    assert.ok(!published.some(({ topic }) => brought.includes(topic)));
    assert.match(findings.at(-1)?.detail ?? '', /mosquitto grants each subscription/);
  });

  it('names each line of the access list that is missing', async () => {
    const refused = ['khd/1/pump-17/config/report', 'khd/1/pump-17/config/wave', 'khd/1/group/pilot/config'];
    const { session } = brokerRefusing(...refused);
    const [, , report, settings] = await checkPermissions(session, withKeys(), 5);
    assert.deepEqual([report?.outcome, settings?.outcome], ['failed', 'failed']);
    assert.match(report?.fix ?? '', /pattern write khd\/1\/%u\/config\/report$/);
    assert.match(settings?.detail ?? '', /config\/wave \(Not authorized\), khd\/1\/group\/pilot\/config/);
    assert.match(
      settings?.fix ?? '',
      /: pattern read khd\/1\/%u\/config\/wave, topic read khd\/1\/group\/pilot\/config \(below: user pump-17\)$/,
    );
  });

  it('says when the account has another name than the device, which the shipped list takes for a stranger', async () => {
    const { session } = brokerRefusing('khd/1/pump-17/probe');
    const [publish] = await checkPermissions(session, settingsWith(['broker.username', 'fleet']), 5);
    assert.equal(publish?.outcome, 'failed');
    assert.match(publish?.fix ?? '', /broker\.username is fleet$/);
  });

  it('does not call allowed what MQTT 3.1.1 cannot refuse', async () => {
    const findings = await checkPermissions(brokerRefusing().session, withKeys(), 4);
    assert.deepEqual(
      findings.map(({ outcome }) => outcome),
      ['warning', 'ok', 'warning', 'ok'],
    );
  });
});
