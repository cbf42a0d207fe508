import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { createRouteWatch } from '../../../../../agent/io/network/route-watch.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
/** A default route by 10.9.1.1 or 10.9.3.1. */
const through = (name: string, gateway: string, metric: number): string =>
  `${name}\t00000000\t${gateway}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
const ETH = through('eth0', '0101090A', 0);
const WWAN = through('wwan0', '0103090A', 100);
const CONNECTION = { localAddress: '::ffff:10.9.1.2', remoteAddress: '::ffff:10.9.2.2' };

let root: string;
// A suite of its own: at the top the hooks would stop the clock of every file that shares the process.
describe('the watch over addresses and routes', () => {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'khd-proc-'));
    mkdirSync(join(root, 'net'));
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => {
    mock.timers.reset();
    rmSync(root, { recursive: true });
  });

  function world() {
    const told: string[] = [];
    let change = (): void => {};
    let addresses: Record<string, { address: string }[]> = {};
    const set = (routes: string, now: Readonly<Record<string, string>>): void => {
      writeFileSync(join(root, 'net', 'route'), HEAD + routes);
      addresses = Object.fromEntries(Object.entries(now).map(([name, address]) => [name, [{ address }]]));
    };
    set(ETH + WWAN, { eth0: '10.9.1.2', wwan0: '10.9.3.2' });
    const watch = createRouteWatch({
      procRoot: root,
      watch: (onChange) => {
        change = onChange;
        return () => {};
      },
      emit: ({ local, route }) => told.push(`${local} ${route}`),
      interfaces: () => addresses,
    });
    const settle = (): void => {
      for (let n = 0; n < 5; n += 1) change();
      mock.timers.tick(250);
    };
    return { told, set, settle, watch };
  }

  test('what leaves the way to the broker as it was is not told', () => {
    const { told, set, settle, watch } = world();
    watch.follow(CONNECTION);
    settle();
    set(ETH, { eth0: '10.9.1.2', docker0: '172.17.0.1' });
    settle();
    assert.deepEqual(told, []);
  });

  test('an address that is gone while another way is open is told once', () => {
    const { told, set, settle, watch } = world();
    watch.follow(CONNECTION);
    set(WWAN, { wwan0: '10.9.3.2' });
    settle();
    settle();
    assert.deepEqual(told, ['gone moved']);
  });

  test('a cable that is pulled leaves its routes behind, which lead nowhere; plugged in, all is as it was', () => {
    const { told, set, settle, watch } = world();
    set(ETH, { eth0: '10.9.1.2' });
    watch.follow(CONNECTION);
    set(ETH, {});
    settle();
    set(ETH, { eth0: '10.9.1.2' });
    settle();
    assert.deepEqual(told, ['gone none', 'kept kept']);
  });

  test('a better route through another interface is told while the address is still there', () => {
    const { told, set, settle, watch } = world();
    set(WWAN, { eth0: '10.9.1.2', wwan0: '10.9.3.2' });
    watch.follow({ ...CONNECTION, localAddress: '10.9.3.2' });
    set(ETH + WWAN, { eth0: '10.9.1.2', wwan0: '10.9.3.2' });
    settle();
    assert.deepEqual(told, ['kept moved']);
  });

  test('before the first connection any way out counts', () => {
    const { told, set, settle } = world();
    set('', {});
    settle();
    set(WWAN, { wwan0: '10.9.3.2' });
    settle();
    assert.equal(told.length, 2);
    assert.match(told[0] ?? '', /none$/);
    assert.doesNotMatch(told[1] ?? '', /none$/);
  });
});
