/** The units as systemd itself judges them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';

const SYSTEMD = join(import.meta.dirname, '../../../systemd');
/** In tenths, as the tool counts. */
const MAX_EXPOSURE = 15;

describe('the units', () => {
  const cleanups = new Cleanups();
  after(() => cleanups.run());

  for (const unit of ['keepalivehd-agent.service', 'keepalivehd-monitor.service']) {
    it(`${unit} is understood without a word`, () => {
      // The tool only warns of a misspelt key, with status 0.
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(SYSTEMD, unit)], {
        encoding: 'utf8',
      });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    });

    it(`${unit} exposes little`, () => {
      const analyze = (path: string) =>
        spawnSync(
          'systemd-analyze',
          ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', path],
          { encoding: 'utf8' },
        );
      assert.equal(analyze(join(SYSTEMD, unit)).status, 0);
      // The threshold is one: a unit without its sandbox misses it.
      const folder = join(cleanups.folder(), 'open');
      mkdirSync(folder);
      const open = readFileSync(join(SYSTEMD, unit), 'utf8').replaceAll(
        /^(?:Protect|Private|Restrict|SystemCall).*$/gm,
        '',
      );
      writeFileSync(join(folder, unit), open);
      assert.notEqual(analyze(join(folder, unit)).status, 0);
    });
  }
});
