/**
 * Builds the command line: dist/keepalivehd.js and one chunk for each part that it loads on demand.
 * `build.mjs [FOLDER]`: another folder inside the repository, so that imports still find node_modules.
 */
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const outdir = resolve(root, process.argv[2] ?? 'dist');
// The folder is emptied first: it must not be one that holds anything else.
if (![`${root}${sep}dist`, `${root}${sep}.cache${sep}`].some((place) => outdir.startsWith(place))) {
  throw new Error(`not a folder to build into: ${outdir}`);
}
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['cli/keepalivehd.ts'],
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  chunkNames: 'chunks/[name]-[hash]',
  define: { KHD_VERSION: JSON.stringify(version) },
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
chmodSync(`${outdir}/keepalivehd.js`, 0o755);
