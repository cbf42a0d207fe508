/** Prints the folders below node_modules/ that the program needs at run time, as far as they are installed here. */
import { existsSync, readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [path, { dev, devOptional }] of Object.entries(packages)) {
  if (path === '' || dev === true || devOptional === true || !existsSync(path)) continue;
  // A package inside another comes with it.
  if (path.lastIndexOf('node_modules/') === 0) process.stdout.write(`${path}\n`);
}
