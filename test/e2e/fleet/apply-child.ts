/**
 * `apply-child.ts FOLDER N ENDS`: a device on which version 1 runs hears version 2, which is confirmed (`ENDS` is
 * `answer`) or taken back (`fail`). It kills itself, as a loss of power would, right before the `N`th call that puts
 * something on disk; a write is torn in the middle. `N` 0: never, and it says which there were.
 */
import { writeSync } from 'node:fs';
import { watchedCalls } from '../../unit/agent/faulty-files.ts';
import { startOnDisk } from '../../unit/agent/fleet-on-disk.ts';

const [folder = '', at = '0', ends = 'answer'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const calls: string[] = [];
const device = startOnDisk(
  folder,
  watchedCalls((n, name, carryOut, args) => {
    calls.push(name);
    if (n === Number(at)) {
      if (name === 'write') {
        const [file, content] = args as readonly [number, string];
        writeSync(file, content.slice(0, content.length / 2));
      }
      say(`killed before ${name}`);
      process.kill(process.pid, 'SIGKILL');
    }
    return carryOut();
  }),
  (running) => say(`applied ${running}`),
);
say(`started ${device.running()}`);
await device.hear(2);
device[ends === 'fail' ? 'fail' : 'answer']();
say(`ended ${device.reports.at(-1)?.last?.state}`);
say(`calls ${calls.join()}`);
