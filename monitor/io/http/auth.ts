/** Who may ask for what: the bearer token (RFC 6750). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, failed } from './route.ts';

/** Null: the request may pass. */
export type Guard = (isChange: boolean, authorization: string | undefined) => Answer | null;

/** With a token everything asks for it; without one reading is free, and nothing can be changed. */
export function guardOf(token: string | undefined): Guard {
  if (token === undefined) {
    const fix =
      'set http.token (or http.token_file) and send it: without one nothing can be changed over HTTP';
    return (isChange) => (isChange ? failed(403, 'NO_TOKEN', fix) : null);
  }
  // Hashes are of one length, which a comparison in constant time needs.
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = hash(`Bearer ${token}`);
  return (_isChange, authorization) => {
    if (timingSafeEqual(hash(authorization ?? ''), wanted)) return null;
    return {
      ...failed(401, 'UNAUTHORIZED', 'send the header "Authorization: Bearer <http.token>"'),
      headers: { 'WWW-Authenticate': 'Bearer' },
    };
  };
}
