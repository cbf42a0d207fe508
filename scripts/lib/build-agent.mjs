/**
 * Builds what a device gets: one minified file with the agent and what configures it, and nothing else.
 * `build-agent.mjs [FILE]`, by default dist/device/keepalivehd.cjs.
 */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const outfile = resolve(root, process.argv[2] ?? 'dist/device/keepalivehd.cjs');
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** Commands of the full program that a device has no use for. */
const ELSEWHERE = /\/cli\/(monitor|simulate|load|fleet)\.ts$/;

/**
 * Modules replaced, each by what costs a device less: Node has its own streams, MQTT.js's timers are off, nobody reads
 * `debug` on a device, the command line is parsed by us, no D-Bus object is introspected, and the log goes to standard
 * output only. Upstream promises none of this: the end-to-end tests run this very file.
 */
const REPLACED = {
  'worker-timers': 'module.exports = globalThis;',
  'readable-stream': "module.exports = require('node:stream');",
  'readable-stream/lib/_stream_writable.js': "module.exports = require('node:stream').Writable;",
  debug: 'module.exports = () => Object.assign(() => {}, { enabled: false, extend: module.exports });',
  '@dabh/diagnostics': 'module.exports = () => () => false;',
  'yargs-parser': 'module.exports = () => ({ _: [] });',
  xml2js: 'module.exports = {};',
};

const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[@a-z]/ }, ({ path }) =>
      Object.hasOwn(REPLACED, path) ? { path, namespace: 'replaced' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({ contents: REPLACED[path] }));
    onLoad({ filter: /\/winston\/lib\/winston\/transports\/(console|file|http)\.js$/ }, () => ({
      contents: 'module.exports = undefined;',
    }));
    onLoad({ filter: ELSEWHERE }, ({ path }) => {
      const [, command] = ELSEWHERE.exec(path);
      const why = `${command} is not part of the device's bundle; run it from the full installation`;
      const name = `${command}Command`;
      return { contents: `export async function ${name}() { throw new Error(${JSON.stringify(why)}); }` };
    });
  },
};

mkdirSync(dirname(outfile), { recursive: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: ['cli/keepalivehd.ts'],
  outfile,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: ['koffi'],
  define: { KHD_VERSION: JSON.stringify(version) },
  plugins: [lean],
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
});
chmodSync(outfile, 0o755);
if (process.env.KHD_META) console.log(Object.entries(Object.values(result.metafile.outputs)[0].inputs).map(([k,v])=>[v.bytesInOutput,k]).sort((a,b)=>b[0]-a[0]).slice(0,60).map(x=>x.join(' ')).join('\n'));
