/**
 * Builds the command line: dist/keepalivehd.js and one chunk for each part that it loads on demand; and what a device
 * gets, in dist/device: keepalivehd.cjs, which starts program.cjs, the agent and what configures it, and parts/ for what
 * few need.
 * `build.mjs [FOLDER]`: another folder inside the repository, so that imports still find node_modules.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { lean, PARTS } from './device-bundle.mjs';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const outdir = resolve(root, process.argv[2] ?? 'dist');
// The folder is emptied first: it must not be one that holds anything else.
if (![`${root}${sep}dist`, `${root}${sep}.cache${sep}`].some((place) => outdir.startsWith(place))) {
  throw new Error(`not a folder to build into: ${outdir}`);
}
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

rmSync(outdir, { recursive: true, force: true });
const common = {
  absWorkingDir: root,
  entryPoints: ['cli/keepalivehd.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  define: { KHD_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};
await build({
  ...common,
  outdir,
  splitting: true,
  format: 'esm',
  packages: 'external',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
});
const onDevice = {
  ...common,
  minify: true,
  format: 'cjs',
  mainFields: ['module', 'main'],
  // Native, and optional.
  external: ['koffi'],
  // An import() would load Node's machinery for ES modules, 1 MB of it.
  supported: { 'dynamic-import': false },
  plugins: [lean],
  legalComments: 'none',
};
const [program] = (await build({ ...onDevice, outfile: `${outdir}/device/program.cjs`, write: false }))
  .outputFiles;
// What Node makes of a module when it requires it; here runtime/code-cache/launch.ts does.
const asFunction = program.text.replace(
  /^#!.*\n/,
  '(function (exports, require, module, __filename, __dirname) {',
);
mkdirSync(`${outdir}/device`, { recursive: true });
writeFileSync(program.path, `${asFunction}})\n`);
await build({
  ...onDevice,
  entryPoints: ['runtime/code-cache/launch.ts'],
  outfile: `${outdir}/device/keepalivehd.cjs`,
});
await build({
  ...onDevice,
  entryPoints: PARTS,
  outdir: `${outdir}/device/parts`,
  outExtension: { '.js': '.cjs' },
});
for (const program of ['keepalivehd.js', 'device/keepalivehd.cjs']) chmodSync(`${outdir}/${program}`, 0o755);
