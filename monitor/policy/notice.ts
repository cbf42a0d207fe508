/** What a sink is told: that an alert or an incident opened, grew, is still open, or is over. */
import type { Alert } from './device.ts';
import type { Incident } from './incident.ts';

export type Notice =
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'incident'; readonly incident: Incident };

/** `grown`: an incident by an order of magnitude. `reminded`: still open after the repeat interval. */
export const NOTICE_EVENTS = ['opened', 'grown', 'reminded', 'resolved'] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The alert's or the incident's id. */
export function noticeId(notice: Notice): string {
  return notice.kind === 'alert' ? notice.alert.id : notice.incident.id;
}

/**
 * What must be told in order: notices of one subject never overtake each other. The device of an alert; an
 * incident's id behind a slash, which no device's name contains.
 */
export function noticeSubject(notice: Notice): string {
  return notice.kind === 'alert' ? notice.alert.device : `incident/${notice.incident.id}`;
}

/** For people: who it is about, and what happened. */
export function noticeText(notice: Notice, event: NoticeEvent): string {
  const subject = notice.kind === 'alert' ? notice.alert : notice.incident;
  if (event === 'opened') return subject.summary;
  const name = notice.kind === 'alert' ? notice.alert.device : `incident ${notice.incident.id}`;
  return event === 'resolved' ? `${name}: resolved` : `${name}: ${EVENT_WORDS[event]}: ${subject.summary}`;
}

const EVENT_WORDS = { grown: 'grown', reminded: 'still open' } as const;
