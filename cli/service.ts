/** What agent and monitor have in common: settings, log, run, an exit code; no failure without its line. */
import { ConfigError } from '../config/config-error.ts';
import type { LogSettings } from '../config/settings.ts';
import { levelPrefix } from '../runtime/journal.ts';
import type { ConfigurableLog, Log } from '../runtime/log.ts';
import { createLog } from '../runtime/winston-log.ts';
import { EXIT_CONFIG, EXIT_FAILURE } from './exit-codes.ts';

/** Loads the settings and runs the service with them; ends the process with its exit code. */
export async function runService<Settings extends { readonly log: LogSettings }>(
  name: string,
  load: () => Settings,
  run: (settings: Settings, log: ConfigurableLog) => Promise<number>,
): Promise<number> {
  let settings: Settings;
  try {
    settings = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = `keepalivehd ${name}: the configuration is not valid:\n${error.message}`;
    const prefix = levelPrefix(2)('error');
    process.stderr.write(`${text.replaceAll(/^/gm, prefix)}\n`);
    return EXIT_CONFIG;
  }
  const log = createLog(settings.log);
  const withStack = settings.log.level === 'debug';
  const fail = async (error: unknown): Promise<void> => {
    logFailure(log, error, withStack);
    await log.flush();
    process.exit(EXIT_FAILURE);
  };
  // Node raises a rejection that nobody handles as an uncaught exception.
  process.on('uncaughtException', fail);
  let code: number;
  try {
    code = await run(settings, log);
  } catch (error) {
    logFailure(log, error, withStack);
    code = EXIT_FAILURE;
  }
  await log.flush();
  // Whatever handle a library still holds must not keep a service that has ended.
  process.exit(code);
}

function logFailure(log: Log, error: unknown, withStack: boolean): void {
  const known = error instanceof Error ? error : new Error(String(error));
  const code = (known as { code?: unknown }).code;
  log.write('error', 'serviceFailed', known.message, {
    code: typeof code === 'string' ? code : 'INTERNAL',
    // Of a fault of our own nobody can make anything without it.
    ...((withStack || typeof code !== 'string') && known.stack !== undefined ? { stack: known.stack } : {}),
  });
}
