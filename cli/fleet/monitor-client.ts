/** The monitor's API, as the command line asks it. */
import { readSecretFile } from '../../config/files.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import type { ReadOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import type { RolloutView, TargetView } from './views.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';
const TIMEOUT_MS = 15_000;

export interface RolloutOrder {
  readonly document: string;
  readonly waves: readonly string[];
  readonly observe_seconds: number;
}

export interface MonitorClient {
  readonly url: string;
  /** What the monitor knows of a target. */
  target(target: string): Promise<TargetView>;
  start(order: RolloutOrder): Promise<RolloutView>;
  rollouts(): Promise<readonly RolloutView[]>;
  rollout(id: string): Promise<RolloutView>;
  steer(id: string, action: 'halt' | 'resume', reason: string | null): Promise<RolloutView>;
}

/** From `--monitor` and `--token-file`, or `KHD_MONITOR_URL` and `KHD_MONITOR_TOKEN_FILE`. Throws `UsageError`. */
export function monitorClient(
  options: ReadOptions,
  env: Readonly<Record<string, string | undefined>>,
): MonitorClient {
  const url = options.texts.get('monitor')?.[0] ?? (env.KHD_MONITOR_URL || DEFAULT_URL);
  const tokenFile = options.texts.get('token-file')?.[0] ?? (env.KHD_MONITOR_TOKEN_FILE || null);
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--monitor: "${url.slice(0, 100)}" is not a URL such as ${DEFAULT_URL}`);
  }
  const ask = asker(url.replace(/\/+$/, ''), tokenFile === null ? null : readToken(tokenFile));
  return {
    url,
    target: (target) => ask('GET', `/api/configurations/${encodeURIComponent(target)}`),
    start: (order) => ask('POST', '/api/rollouts', order),
    rollouts: async () => (await ask<{ rollouts: RolloutView[] }>('GET', '/api/rollouts')).rollouts,
    rollout: (id) => ask('GET', `/api/rollouts/${encodeURIComponent(id)}`),
    steer: (id, action, reason) =>
      ask('POST', `/api/rollouts/${encodeURIComponent(id)}/${action}`, reason === null ? {} : { reason }),
  };
}

function readToken(path: string): string {
  const file = readSecretFile(path);
  if (!file.ok) throw new CodedError('TOKEN_FILE', `--token-file: "${path}" ${file.problem}; ${file.fix}`);
  return file.text;
}

function asker(base: string, token: string | null) {
  return async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const { ok, status, text } = await request(base, token, method, path, body);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      const what = `${base} answered ${status} with something that is not the monitor's`;
      throw new CodedError('NOT_A_MONITOR', `${what}; see that --monitor names its API (http.listen)`);
    }
    if (ok) return answer as Answer;
    throw refusal(status, answer, token !== null);
  };
}

async function request(
  base: string,
  token: string | null,
  method: string,
  path: string,
  body: object | undefined,
): Promise<{ readonly ok: boolean; readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(token !== null && { Authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    const cause = (error as { cause?: NodeJS.ErrnoException }).cause;
    const why = cause?.code ?? cause?.message ?? (error as Error).name;
    const isRefused = why === 'ECONNREFUSED' || why === 'ENOTFOUND';
    if (method === 'POST' && !isRefused) {
      const fix = 'look with keepalivehd fleet status before you try again';
      throw new CodedError('NO_ANSWER', `${base} did not answer (${why}), but may have done it; ${fix}`);
    }
    const fix = 'start it, or name it with --monitor URL or KHD_MONITOR_URL';
    throw new CodedError('MONITOR_UNREACHABLE', `no monitor answers at ${base} (${why}); ${fix}`);
  }
}

/** Where the monitor's words, which are for all who use its API, leave open what to type here. */
const FIXES: Readonly<Record<string, string>> = {
  NO_TOKEN: 'name the same file here with --token-file or KHD_MONITOR_TOKEN_FILE',
  UNKNOWN_ROLLOUT: 'keepalivehd fleet status shows them',
  OLDER_VERSION: 'without --version that is done for you',
  EXPIRED: 'see --expires, and that the clocks of both machines are right',
  NOT_FOUND: 'see that --monitor names the API of a monitor of this version',
  INTERNAL: "see the monitor's log",
};

/** The monitor's own words, where they help. */
function refusal(status: number, answer: unknown, hasToken: boolean): CodedError {
  const error = (answer as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  const code = typeof error?.code === 'string' ? error.code : `HTTP_${status}`;
  const said = typeof error?.message === 'string' ? error.message : `status ${status}`;
  if (status === 401) {
    const fix =
      'name the file that holds the monitor’s http.token with --token-file or KHD_MONITOR_TOKEN_FILE';
    return new CodedError(
      code,
      `the monitor ${hasToken ? 'does not know this token' : 'wants a token'}; ${fix}`,
    );
  }
  const fix = Object.hasOwn(FIXES, code) ? `; ${FIXES[code]}` : '';
  return new CodedError(code, `the monitor refuses: ${said}${fix}`);
}
