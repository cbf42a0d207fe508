import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openTlsTicket, type TlsTicket } from '../../../../agent/io/tls-ticket.ts';
import type { BrokerSettings } from '../../../../config/settings.ts';
import type { Log } from '../../../../runtime/log.ts';

const HOUR_MS = 3_600_000;
const BROKER = { url: 'mqtts://broker.example' } as BrokerSettings;
const lines: string[] = [];
const log: Log = { write: (_level, event) => lines.push(event), flush: async () => {} };

describe('the TLS session kept over restarts', () => {
  let folder = '';
  let wallMs = 1_000_000;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-ticket-'));
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (broker = BROKER): TlsTicket => openTlsTicket(folder, broker, log, () => wallMs);
  const path = (): string => join(folder, 'tls-session.json');
  const session = (text: string): Buffer => Buffer.from(text);

  it('is written when there was none, when it is old and when leaving, and not at each connection', () => {
    const ticket = open();
    ticket.renew(session('first'));
    const first = readFileSync(path(), 'utf8');
    for (let connection = 0; connection < 100; connection += 1) ticket.renew(session(`${connection}`));
    assert.equal(readFileSync(path(), 'utf8'), first);
    assert.equal(ticket.current()?.toString(), '99');
    wallMs += 13 * HOUR_MS;
    ticket.renew(session('old enough'));
    assert.equal(open().current()?.toString(), 'old enough');
    ticket.renew(session('last'));
    ticket.keep();
    assert.equal(open().current()?.toString(), 'last');
  });

  it('is not offered to another broker, nor with another authority or certificate', () => {
    open().renew(session('mine'));
    for (const change of [
      { url: 'mqtts://other.example' },
      { caFile: '/ca.pem' },
      { certFile: '/own.pem' },
    ]) {
      assert.equal(open({ ...BROKER, ...change }).current(), null);
    }
    assert.equal(open().current()?.toString(), 'mine');
  });

  it('is gone after a failed handshake, from the disk as well', () => {
    const ticket = open();
    ticket.renew(session('bad'));
    ticket.drop();
    assert.equal(ticket.current(), null);
    assert.equal(existsSync(path()), false);
    ticket.keep();
    assert.equal(existsSync(path()), false);
  });

  it('one that cannot be taken off the disk is not offered all the same, and costs one warning', () => {
    const ticket = open();
    ticket.renew(session('bad'));
    // As on a file system that has become read-only: root may write anywhere, but not unlink a folder.
    rmSync(path());
    mkdirSync(path());
    for (let failed = 0; failed < 100; failed += 1) ticket.drop();
    assert.deepEqual(lines, ['stateNotWritten']);
    assert.equal(ticket.current(), null);
  });

  it('a damaged file is as none, and a folder that cannot be written costs a warning', () => {
    for (const text of ['', '{', '[]', '{"version":1}', '{"version":2,"session":"AA==","savedMs":1}']) {
      writeFileSync(path(), text);
      assert.equal(open().current(), null, text);
    }
    folder = join(path(), 'below-a-file');
    const ticket = open();
    ticket.renew(session('kept in memory'));
    assert.deepEqual(lines, ['stateNotWritten']);
    assert.equal(ticket.current()?.toString(), 'kept in memory');
    folder = join(folder, '..', '..');
  });
});
