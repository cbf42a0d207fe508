import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogSink } from '../../../../../monitor/io/sinks/log.ts';
import { FakeLog } from '../fakes.ts';
import { incidentMessageOf, messageOf } from '../samples.ts';

const NEVER = new AbortController().signal;

describe('the log sink', () => {
  it('writes a line for each event of an alert and of an incident', async () => {
    const log = new FakeLog();
    const sink = createLogSink(log);
    for (const event of ['opened', 'reminded', 'resolved'] as const) {
      await sink.deliver({ ...messageOf('log', 'a', 1, { event }), id: 1 }, NEVER);
      await sink.deliver({ ...incidentMessageOf('log', 'i1', { event }), id: 2 }, NEVER);
    }
    const said = log.lines.map(({ level, event, message }) => `${level} ${event}: ${message}`);
    assert.deepEqual(said, [
      'warn alertOpened: a fell silent',
      'warn incidentOpened: 40 devices of network n1 fell silent',
      'warn alertReminded: a: still open: a fell silent',
      'warn incidentReminded: incident i1: still open: 40 devices of network n1 fell silent',
      'info alertResolved: a: resolved',
      'info incidentResolved: incident i1: resolved',
    ]);
    const [alert, incident] = log.lines;
    assert.equal(alert?.fields.device, 'a');
    assert.deepEqual(
      [incident?.fields.scope, incident?.fields.causes],
      ['network n1', ['timeout-lapsed: 40']],
    );
  });
});
