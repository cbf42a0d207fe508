/**
 * Alerts to a program of the operator's: no shell, JSON on its standard input, its exit status is the answer.
 * It gets next to nothing of the monitor's environment, which may hold secrets.
 */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { CommandSettings } from '../../../config/alert-settings.ts';
import type { OutboxMessage } from '../../policy/device.ts';
import { noticeId } from '../../policy/notice.ts';
import { type DeliveryAnswer, messageJson, type Sink } from './sink.ts';

/** sysexits.h: "temporary failure; user is invited to retry". */
const EX_TEMPFAIL = 75;
/** Of what it says on standard error, as much as belongs into a line of the log. */
const SHOWN_CHARACTERS = 300;
const LAST_WORDS_MS = 100;

type Ending =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'unstarted'; readonly why: string };

/** Delivered with exit 0; 75, a signal, a timeout or a program that cannot be started: again; else refused. */
export function createCommandSink({ argv, timeoutSeconds }: CommandSettings): Sink {
  return {
    name: 'command',
    concurrency: 2,
    async deliver(message, signal) {
      const { ending, said } = await run(argv, message, timeoutSeconds * 1000, signal);
      const detail = said === '' ? '' : `: ${said}`;
      if (ending.kind === 'unstarted')
        return { retryAfterMs: null, error: `the program cannot be started (${ending.why})` };
      if (ending.kind === 'killed')
        return { retryAfterMs: null, error: `the program was ended by ${ending.by}${detail}` };
      return judgeExit(ending.code, detail);
    },
  };
}

function judgeExit(code: number, detail: string): DeliveryAnswer {
  if (code === 0) return 'delivered';
  if (code === EX_TEMPFAIL)
    return { retryAfterMs: null, error: `the program asked to be tried again${detail}` };
  return { refused: `the program ended with ${code}${detail}` };
}

/** What a program may want without reading JSON, and a PATH: nothing else. */
function environmentOf(message: OutboxMessage): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    KHD_EVENT: message.event,
    KHD_SEVERITY: message.severity,
    KHD_KIND: message.notice.kind,
    KHD_ID: noticeId(message.notice),
    KHD_IDEMPOTENCY_KEY: message.idempotencyKey,
  };
}

async function run(
  [program = '', ...args]: readonly string[],
  message: OutboxMessage,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly ending: Ending; readonly said: string }> {
  let child: ChildProcessByStdio<Writable, null, Readable>;
  let ended: Promise<Ending>;
  try {
    // A process group of its own, so that what it starts can be killed with it.
    child = spawn(program, args, {
      cwd: '/',
      env: environmentOf(message),
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    ended = endOf(child, timeoutMs, signal);
  } catch (error) {
    return {
      ending: { kind: 'unstarted', why: error instanceof Error ? error.message : String(error) },
      said: '',
    };
  }
  // Out of file descriptors Node makes no pipes at all, whatever the types say.
  if ((child.stdin as Writable | undefined) === undefined) return { ending: await ended, said: '' };
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, SHOWN_CHARACTERS);
  });
  // A program need not read what it is told.
  child.stdin.on('error', () => {});
  child.stdin.end(`${JSON.stringify(messageJson(message))}\n`);
  const ending = await ended;
  child.stdin.destroy();
  await lastWords(child.stderr);
  child.stderr.destroy();
  return { ending, said: said.replace(/\p{Cc}+/gu, ' ').trim() };
}

/** What it wrote last may still be on its way; what it left running may write for ever. */
function lastWords(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS_MS);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function endOf(child: ChildProcess, timeoutMs: number, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    let killedBy: string | null = null;
    const kill = (by: string) => (): void => {
      killedBy ??= by;
      killGroup(child);
    };
    const onAbort = kill('the end of the monitor');
    const timer = setTimeout(kill('its timeout'), timeoutMs);
    const finish = (ending: Ending): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(ending);
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'unstarted', why: error.code ?? error.message }),
    );
    // 'exit', not 'close': what it left behind may hold its standard error open for ever.
    child.once('exit', (code, by) => {
      if (killedBy !== null || code === null) finish({ kind: 'killed', by: killedBy ?? String(by) });
      else finish({ kind: 'exited', code });
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
