import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { devices, IncidentBench, namesOf } from './incident-bench.ts';

/** 90 s of keepalive_timeout, 2 s of grace, and time for the last of a staggered network. */
const DEATH_SECONDS = 93;

describe('an incident of a network', () => {
  const down = devices('down', 12, { network: 'n1' });
  const well = devices('well', 200, { network: 'n2' });

  function fallen(): IncidentBench {
    const bench = new IncidentBench([...down, ...well]);
    bench.hear(namesOf(well));
    // They die one after the other: one was heard each second.
    for (const name of namesOf(down)) {
      bench.pass(1, namesOf(well));
      bench.hear([name]);
    }
    bench.pass(DEATH_SECONDS + 12, namesOf(well));
    return bench;
  }

  it('opens with the first death, without any single alert, since the others are late by then', () => {
    const bench = fallen();
    assert.deepEqual(bench.told, ['opened network/n1 1-0']);
    const [record] = bench.watch.openIncidents();
    assert.ok(record);
    const { memberCount, firstMembers, causes, summary } = record.incident;
    assert.equal(memberCount, 12);
    assert.deepEqual(firstMembers, namesOf(down).slice(0, 10));
    assert.deepEqual(causes, { 'network-wide': 12 });
    assert.match(summary, /^Network n1: 12 of 12 devices are silent, 1 of them/);
    assert.deepEqual([...bench.watch.membersOf(record.incident.id)].length, 12);
  });

  it('is over when all are back; told once, and nobody by himself', () => {
    const bench = fallen();
    bench.hear(namesOf(down).slice(0, 6));
    bench.pass(20, [...namesOf(well), ...namesOf(down).slice(0, 6)]);
    assert.equal(bench.told.length, 1);
    bench.hear(namesOf(down));
    bench.pass(2, namesOf(well));
    assert.deepEqual(bench.told, ['opened network/n1 1-0', 'resolved network/n1 12-12']);
    assert.deepEqual(
      bench.keys,
      [1, 2].map((n) => `incident:${[...bench.incidents.keys()][0]}:${n}`),
    );
    assert.equal(bench.alerts.size, 0);
  });

  it('with fewer dead than open one, it is over after the window, and they are alerts of their own', () => {
    const bench = fallen();
    const back = namesOf(down).slice(2);
    bench.hear(back);
    bench.pass(500, [...namesOf(well), ...back]);
    assert.equal(bench.told.length, 1);
    bench.pass(120, [...namesOf(well), ...back]);
    assert.deepEqual(bench.told.slice(1).sort(), [
      'opened down0:9',
      'opened down1:9',
      'resolved network/n1 12-10',
    ]);
    bench.hear(['down0']);
    assert.equal(bench.told.at(-1), 'resolved down0:9');
  });

  it('goes on where it was after a restart, and nothing is told twice', () => {
    const bench = fallen();
    bench.hear(['down0']);
    bench.restart();
    assert.deepEqual(
      bench.watch.openIncidents().map(({ incident }) => [incident.memberCount, incident.aliveAgainCount]),
      [[12, 1]],
    );
    bench.hear(namesOf(well));
    bench.pass(200, [...namesOf(well), 'down0']);
    bench.hear(namesOf(down));
    bench.pass(2, namesOf(well));
    assert.deepEqual(bench.told, ['opened network/n1 1-0', 'resolved network/n1 12-12']);
  });

  it('takes a straggler quietly, and a death elsewhere not', () => {
    const slow = devices('slow', 1, { network: 'n1', promisedSeconds: 600 });
    const bench = new IncidentBench([...down, ...well, ...slow]);
    bench.hear([...namesOf(down), ...namesOf(well)]);
    bench.hear(['slow0'], 600);
    bench.pass(2000, namesOf(well).slice(1));
    assert.deepEqual(bench.standing('slow0').incidents.length, 1);
    assert.deepEqual(bench.told, ['opened well0:9', 'opened network/n1 1-0']);
  });

  it('explains no death elsewhere, however large a part of the fleet it is', () => {
    const large = devices('large', 100, { network: 'n1' });
    const bench = new IncidentBench([...large, ...well]);
    bench.hear(namesOf(well));
    for (const name of namesOf(large)) bench.hear([name]);
    bench.pass(DEATH_SECONDS + 60, namesOf(well));
    bench.pass(DEATH_SECONDS + 60, namesOf(well).slice(1));
    assert.deepEqual(bench.told, ['opened network/n1 1-0', 'opened well0:9']);
  });

  it('ends when incidents are switched off: whoever is dead is told', () => {
    const bench = fallen();
    bench.restart({ ...bench.settings, enabled: false });
    bench.pass(2, namesOf(well));
    assert.equal(bench.alertsTold.length, 12);
    assert.equal(bench.incidentsTold.at(-1), 'resolved network/n1 12-0');
  });
});

describe('single alerts', () => {
  it('before the incident opened are folded in, not told again, and resolved by themselves', () => {
    // With a count of 1 nobody is late before it is dead: nothing announces an outage.
    const hasty = devices('h', 10, { network: 'n1', count: 1 });
    const bench = new IncidentBench(hasty);
    for (const name of namesOf(hasty)) {
      bench.pass(1);
      bench.hear([name]);
    }
    bench.pass(60);
    assert.deepEqual(bench.alertsTold, ['opened h0:8', 'opened h1:8', 'opened h2:8', 'opened h3:8']);
    assert.deepEqual(bench.incidentsTold, ['opened network/n1 5-0']);
    assert.deepEqual(bench.standing('h0').alone, true);
    assert.equal(bench.standing('h0').incidents.length, 1);
    bench.hear(namesOf(hasty));
    bench.pass(2);
    assert.deepEqual(
      bench.told.slice(5, 9),
      ['h0', 'h1', 'h2', 'h3'].map((name) => `resolved ${name}:8`),
    );
    assert.deepEqual(bench.incidentsTold.at(-1), 'resolved network/n1 10-10');
  });

  it('of the very same step are not told at all', () => {
    const hasty = devices('h', 10, { network: 'n1', count: 1 });
    const bench = new IncidentBench(hasty);
    bench.hear(namesOf(hasty));
    bench.pass(60);
    assert.deepEqual(bench.told, ['opened network/n1 5-0']);
  });

  it('of a few in a large network stay single', () => {
    const all = devices('a', 40, { network: 'n1', groups: ['g'] });
    const bench = new IncidentBench(all);
    bench.hear(namesOf(all));
    bench.pass(120, namesOf(all).slice(6));
    assert.deepEqual(bench.incidentsTold, []);
    assert.equal(bench.alertsTold.length, 6);
  });
});

describe('the scope of an incident', () => {
  it('is the group when it explains what no network does', () => {
    const some = [1, 2, 3, 4, 5, 6].flatMap((n) =>
      devices(`g${n}-`, 1, { network: `n${n}`, groups: ['site', 'all'] }),
    );
    const well = devices('w', 50, { network: 'n9', groups: ['all'] });
    const bench = new IncidentBench([...some, ...well]);
    bench.hear([...namesOf(some), ...namesOf(well)]);
    bench.pass(120, namesOf(well));
    assert.deepEqual(bench.told, ['opened group/site 1-0']);
  });

  it('is the network before the group and the fleet, when it holds nearly all that is silent', () => {
    const down = devices('d', 30, { network: 'n1', groups: ['g'] });
    const bench = new IncidentBench([...down, ...devices('w', 10, { network: 'n2', groups: ['g'] })]);
    bench.hear([...namesOf(down), ...['w0', 'w1', 'w2']]);
    bench.pass(120, ['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9']);
    assert.deepEqual(bench.told, ['opened network/n1 1-0']);
  });

  it('is the fleet when several networks fall together, though they are a small part of it', () => {
    const down = [1, 2, 3].flatMap((n) => devices(`d${n}-`, 5, { network: `n${n}` }));
    const well = devices('w', 500, { network: 'n9' });
    const bench = new IncidentBench([...down, ...well]);
    bench.pass(1);
    bench.hear([...namesOf(down), ...namesOf(well)]);
    bench.pass(120, namesOf(well));
    assert.deepEqual(bench.told, ['opened fleet/fleet 1-0']);
    assert.equal(bench.watch.openIncidents()[0]?.incident.memberCount, 15);
  });

  it('is the fleet when its share is silent without any network', () => {
    const down = devices('d', 30);
    const well = devices('w', 200);
    const bench = new IncidentBench([...down, ...well]);
    bench.pass(1);
    bench.hear([...namesOf(down), ...namesOf(well)]);
    bench.pass(120, namesOf(well));
    assert.deepEqual(bench.told, ['opened fleet/fleet 1-0']);
  });

  it('is the broker when nobody came back since it was away', () => {
    const all = devices('a', 30);
    const bench = new IncidentBench(all);
    bench.pass(200);
    assert.deepEqual(bench.told, ['opened broker/broker.example 1-0']);
  });

  it('widens: the incidents of two networks become part of the fleet’s', () => {
    const networks = [1, 2, 3, 4].map((n) => devices(`d${n}-`, 6, { network: `n${n}` }));
    const [first = [], second = [], third = [], fourth = []] = networks;
    const well = devices('w', 500, { network: 'n9' });
    const bench = new IncidentBench([...networks.flat(), ...well]);
    const talking = [...networks.flat(), ...well].map(({ device }) => device);
    bench.hear(talking);
    const silent = new Set<string>();
    for (const fallen of [first, second, third, fourth]) {
      for (const name of namesOf(fallen)) silent.add(name);
      bench.pass(
        110,
        talking.filter((name) => !silent.has(name)),
      );
    }
    assert.deepEqual(bench.told, [
      'opened network/n1 1-0',
      'opened network/n2 1-0',
      'resolved network/n1 6-0',
      'resolved network/n2 6-0',
      'opened fleet/fleet 13-0',
    ]);
    assert.equal(bench.watch.openIncidents()[0]?.incident.memberCount, 24);
    bench.restart();
    assert.equal(bench.watch.openIncidents()[0]?.incident.memberCount, 24);
    bench.hear([...silent]);
    bench.pass(2, namesOf(well));
    assert.deepEqual(bench.told.at(-1), 'resolved fleet/fleet 24-24');
  });
});

describe('growth', () => {
  it('by an order of magnitude is told, against what was silent at the opening', () => {
    const slow = devices('s', 200, { network: 'n1', promisedSeconds: 300 });
    const fast = devices('f', 12, { network: 'n1' });
    const bench = new IncidentBench([...slow, ...fast], { share: 0.05 });
    bench.hear(namesOf(fast));
    bench.hear(namesOf(slow), 300);
    bench.pass(1000);
    assert.deepEqual(bench.told, ['opened network/n1 1-0', 'grown network/n1 120-0']);
  });
});
