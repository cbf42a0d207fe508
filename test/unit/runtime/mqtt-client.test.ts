import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('ws is not loaded before a broker is reached over it', () => {
  const loaded = (url: string): string =>
    execFileSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        `import { createRequire } from 'node:module';
        import { openMqtt } from './runtime/mqtt-client.ts';
        const options = { clientId: 'a', protocolVersion: 5, keepAliveSeconds: 60, ownPings: false, connectTimeoutMs: 9000 };
        openMqtt({ ...options, broker: { url: ${JSON.stringify(url)} } }, {
          onConnectFailed() {
            const { cache } = createRequire(import.meta.url);
            console.log(Object.keys(cache).some((path) => path.includes('/node_modules/ws/')));
          },
        });`,
      ],
      { encoding: 'utf8' },
    ).trim();
  // Nobody listens at port 1.
  assert.equal(loaded('mqtt://127.0.0.1:1'), 'false');
  assert.equal(loaded('ws://127.0.0.1:1/mqtt'), 'true');
});
