/** JSON by HTTP POST, and what the answer means for the delivery. Of the address only the host is ever said. */
import type { DeliveryAnswer } from './sink.ts';

/** What is wrong with the message itself (RFC 9110 section 15.5): sending it again would change nothing. */
const REFUSALS = new Set([400, 406, 409, 411, 413, 414, 415, 422]);

export interface PostRequest {
  /** Without credentials: fetch refuses them. */
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Never rejects. Answers within `timeoutSeconds`, or as soon as `signal` is aborted. */
export async function postJson(
  { url, body, headers }: PostRequest,
  timeoutSeconds: number,
  signal: AbortSignal,
  wallMs: number,
): Promise<DeliveryAnswer> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'KeepAliveHD', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    // Unread bodies would hold the connection; a body that is cut changes nothing about the status.
    await response.body?.cancel().catch(() => {});
    return judgeResponse(response.status, response.headers.get('retry-after'), wallMs);
  } catch (error) {
    return { retryAfterMs: null, error: describe(error, url.host, timeout.aborted) };
  }
}

/** What a status means for the delivery. `retryAfter` is the header's text, in seconds or as a date. */
export function judgeResponse(status: number, retryAfter: string | null, wallMs: number): DeliveryAnswer {
  if (status >= 200 && status < 300) return 'delivered';
  if (REFUSALS.has(status)) return { refused: `HTTP ${status}` };
  // A wrong address or a missing permission passes once the operator has mended it; the alert is owed until then.
  const redirect = status >= 300 && status < 400;
  const error = redirect
    ? `HTTP ${status}: redirects are not followed; set the final address`
    : `HTTP ${status}`;
  return { retryAfterMs: redirect ? null : parseRetryAfter(retryAfter, wallMs), error };
}

/** RFC 9110 section 10.2.3; what cannot be read counts as absent. */
function parseRetryAfter(text: string | null, wallMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text.trim()) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - wallMs);
}

/** fetch hides the reason in `cause`, and its own messages may quote the address. */
function describe(error: unknown, host: string, timedOut: boolean): string {
  if (timedOut) return `no answer from ${host} in time`;
  const cause = error instanceof Error ? error.cause : undefined;
  // WHATWG Fetch section 2.9 keeps browsers, and so every fetch, from some ports.
  if (cause instanceof Error && cause.message === 'bad port')
    return `${host} has a port that fetch never connects to; let the receiver listen elsewhere`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null;
  return `${host} cannot be reached${code === null ? '' : ` (${code})`}`;
}
