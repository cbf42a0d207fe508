import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouteSettings } from '../../../../config/alert-settings.ts';
import { factsOf, severityOf } from '../../../../monitor/policy/notice-facts.ts';
import { targetsOf } from '../../../../monitor/policy/routing.ts';
import { alertOf, incidentOf } from '../io/samples.ts';

const SEVERITY = { device: 'warning', incident: 'critical', criticalGroups: ['pumps'] } as const;

function route(fields: Partial<RouteSettings>): RouteSettings {
  return {
    groups: [],
    networks: [],
    severities: [],
    sinks: [],
    repeatSeconds: null,
    continues: false,
    ...fields,
  };
}

function told(routes: readonly RouteSettings[], groups: readonly string[], network: string | null = null) {
  const notice = { kind: 'alert', alert: alertOf('a', 1, { groups, network }) } as const;
  const routing = { routes, sinks: ['log', 'webhook'], repeatSeconds: 60 };
  return [...targetsOf(routing, factsOf(notice, severityOf(notice, SEVERITY)))];
}

describe('routes', () => {
  it('leave what none matches to every sink', () => {
    assert.deepEqual(told([], []), [
      ['log', 60],
      ['webhook', 60],
    ]);
    assert.deepEqual(told([route({ groups: ['x'], sinks: ['log'] })], ['y']).length, 2);
  });

  it('let the first that matches decide, unless it continues', () => {
    const routes = [
      route({ groups: ['north'], sinks: ['log'], repeatSeconds: 300, continues: true }),
      route({ severities: ['critical'], sinks: ['log', 'webhook'] }),
      route({ sinks: [] }),
    ];
    assert.deepEqual(told(routes, ['north', 'pumps']), [
      ['log', 300],
      ['webhook', null],
    ]);
    assert.deepEqual(told(routes, ['north']), [['log', 300]]);
    assert.deepEqual(told(routes, ['pumps']), [
      ['log', null],
      ['webhook', null],
    ]);
    assert.deepEqual(told(routes, []), []);
  });

  it('match by network, and an incident by the scope its members share', () => {
    const routes = [
      route({ networks: ['n1'], sinks: ['log'] }),
      route({ groups: ['n1'], sinks: ['webhook'] }),
    ];
    assert.deepEqual(told(routes, [], 'n1'), [['log', null]]);
    const byScope = (kind: 'network' | 'group' | 'fleet'): string[] => {
      const notice = {
        kind: 'incident',
        incident: incidentOf('i', { scope: { kind, name: 'n1' } }),
      } as const;
      const facts = factsOf(notice, severityOf(notice, SEVERITY));
      return [...targetsOf({ routes, sinks: ['mqtt'], repeatSeconds: null }, facts).keys()];
    };
    assert.deepEqual(
      [byScope('network'), byScope('group'), byScope('fleet')],
      [['log'], ['webhook'], ['mqtt']],
    );
  });
});
