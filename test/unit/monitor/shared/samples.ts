/** Signs of devices for tests: heard at `ms` by every clock. */
import type { Heard } from '../../../../monitor/shared/policy/heard.ts';
import type { Status, StatusState } from '../../../../protocol/status.ts';

export function statusOf(state: StatusState, epoch: number, fields: Partial<Status> = {}): Status {
  return {
    state,
    epoch,
    intervalSeconds: 30,
    count: 3,
    reason: 'base interval',
    agentVersion: '0.1.0',
    network: null,
    groups: [],
    configurationVersion: null,
    counters: { probes: 1, reconnects: 0, lapses: 0 },
    ...fields,
  };
}

export function status(state: StatusState, epoch: number, ms: number, retained = false, device = 'a'): Heard {
  return { kind: 'status', device, status: statusOf(state, epoch), retained, at: at(ms) };
}

export function probe(ms: number, device = 'a'): Heard {
  return { kind: 'probe', device, promisedSeconds: 30, at: at(ms) };
}

function at(ms: number): Heard['at'] {
  return { monotonicMs: ms, attentiveMs: ms, wallMs: ms };
}
