/** Whether somebody answers HTTP where alerts are to be posted. Nothing is posted: HEAD changes nothing (RFC 9110 9.2.1). */
import { type CheckFinding, doubtful, failed, fine } from '../../../runtime/check-finding.ts';

/** Any answer but a server's own failure will do: a receiver of POST need not know HEAD. The path may be secret. */
export async function checkHttpTarget(
  key: string,
  url: string,
  timeoutSeconds: number,
): Promise<CheckFinding> {
  const { origin } = new URL(url);
  try {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const detail = `${origin} answers with ${status}`;
    if (status === 401 || status === 403)
      return doubtful(key, detail, 'see that the address is all it asks for');
    return status >= 500 ? doubtful(key, detail, 'see what ails the receiver') : fine(key, detail);
  } catch (error) {
    return failed(
      key,
      `${origin}: ${whyOf(error)}`,
      'see that it runs, and that it can be reached from here',
    );
  }
}

/** `fetch failed` says nothing; its cause does. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
