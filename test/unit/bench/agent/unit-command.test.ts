import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { unitCommand } from '../../../../bench/agent/unit-command.ts';

describe('unitCommand', () => {
  it('takes what stands between node and the program, and the environment', () => {
    const unit = `[Service]
ExecStart=/usr/bin/env node --one --two=2 /usr/lib/program.cjs agent --config /etc/file
Environment=FIRST=1
Environment=SECOND=a=b
`;
    assert.deepEqual(unitCommand(unit), {
      nodeOptions: ['--one', '--two=2'],
      env: { FIRST: '1', SECOND: 'a=b' },
    });
  });

  it('refuses a unit that runs something else', () => {
    assert.throws(() => unitCommand('[Service]\nExecStart=/bin/true\n'), { code: 'BENCH_UNIT' });
  });

  it('reads the unit that ships', () => {
    const { nodeOptions } = unitCommand(readFileSync('systemd/keepalivehd-agent.service', 'utf8'));
    // Writable memory is not executable there, and without this V8 would end the process.
    assert.ok(nodeOptions.includes('--jitless'));
  });
});
