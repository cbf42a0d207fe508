/** How the bundle for devices differs from the full program: one minified file without what a device never runs. */
import { readFileSync } from 'node:fs';

/** Commands of the full program that a device has no use for. */
const ELSEWHERE = /\/cli\/(monitor|simulate|load|fleet)\.ts$/;

/**
 * Modules replaced, each by what costs a device less: Node has its own streams, MQTT.js's timers are off, nobody reads
 * `debug` on a device, the command line is parsed by us, no D-Bus object is introspected, the log goes to standard
 * output only and paints itself, and topic aliases are few and never pushed out. Upstream promises none of this: the end-to-end tests run this very file.
 */
const REPLACED = {
  'worker-timers': 'module.exports = globalThis;',
  'readable-stream': "module.exports = require('node:stream');",
  'readable-stream/lib/_stream_writable.js': "module.exports = require('node:stream').Writable;",
  debug: 'module.exports = () => Object.assign(() => {}, { enabled: false, extend: module.exports });',
  '@dabh/diagnostics': 'module.exports = () => () => false;',
  'yargs-parser': 'module.exports = () => ({ _: [] });',
  xml2js: 'module.exports = {};',
  'lru-cache': 'exports.LRUCache = class extends Map { constructor() { super(); } };',
  '@colors/colors/safe': 'module.exports = {};',
};

/**
 * Packages that few devices run: for a modem, for a WebSocket, for signed settings. Each is a file of its own beside
 * the program, read when it is asked for: V8 keeps the text of what it has read, and scans it at every start.
 */
export const PARTS = ['dbus-native', 'ws', 'jose'];

/** Where the program finds a part, from its own folder. */
const partPath = (name) => `./parts/${name}.cjs`;

export const lean = {
  name: 'lean',
  setup({ initialOptions, onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${PARTS.join('|')})$`) }, ({ path, kind }) =>
      kind === 'entry-point' || initialOptions.entryPoints.includes(path)
        ? undefined
        : { path: partPath(path), external: true },
    );
    onResolve({ filter: /^[@a-z]/ }, ({ path }) =>
      Object.hasOwn(REPLACED, path) ? { path, namespace: 'replaced' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({ contents: REPLACED[path] }));
    onLoad({ filter: /\/winston\/lib\/winston\/transports\/(console|file|http)\.js$/ }, () => ({
      contents: 'module.exports = undefined;',
    }));
    onLoad({ filter: /\/runtime\/websocket\.ts$/ }, ({ path }) => {
      // Loaded when a WebSocket is opened, from inside the bundle: there is no node_modules beside it.
      const [before, after, ...more] = readFileSync(path, 'utf8').split('createRequire(import.meta.url)');
      if (after === undefined || more.length > 0) throw new Error(`${path} loads ws in another way now`);
      return { contents: `${before}require${after}`, loader: 'ts' };
    });
    onLoad({ filter: ELSEWHERE }, ({ path }) => {
      const [, command] = ELSEWHERE.exec(path);
      const why = `${command} is not part of the device's bundle; run it from the full installation`;
      const name = `${command}Command`;
      return { contents: `export async function ${name}() { throw new Error(${JSON.stringify(why)}); }` };
    });
  },
};
