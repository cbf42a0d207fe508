/** What is owed, whom open notices were told to, and silences, as text and back; as strict as `records.ts`. */
import type { SilenceWindow } from '../../../config/alert-settings.ts';
import type { OutboxMessage } from '../../policy/device.ts';
import type { Incident, IncidentRecord, IncidentScope } from '../../policy/incident.ts';
import { NOTICE_EVENTS, type Notice, SEVERITIES } from '../../policy/notice.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import type { Silence } from '../../policy/silence.ts';
import {
  type Check,
  isCount,
  isNumber,
  isPositive,
  isSwitch,
  isText,
  isTexts,
  object,
  oneOf,
  optional,
  orNull,
  parser,
} from './checks.ts';
import { isAlert } from './records.ts';

const isCounts: Check<Readonly<Record<string, number>>> = (
  value,
): value is Readonly<Record<string, number>> =>
  typeof value === 'object' && value !== null && Object.values(value).every(isCount);

const isIncident = object<Incident>({
  id: isText,
  scope: object<IncidentScope>({
    kind: oneOf(['network', 'group', 'broker', 'fleet'] as const),
    name: isText,
  }),
  openedMs: isNumber,
  resolvedMs: orNull(isNumber),
  memberCount: isCount,
  aliveAgainCount: isCount,
  firstMembers: isTexts,
  causes: isCounts,
  summary: isText,
});

const isAlertNotice = object<Notice & { kind: 'alert' }>({ kind: oneOf(['alert']), alert: isAlert });
const isIncidentNotice = object<Notice & { kind: 'incident' }>({
  kind: oneOf(['incident']),
  incident: isIncident,
});
export const isNotice: Check<Notice> = (value): value is Notice =>
  isAlertNotice(value) || isIncidentNotice(value);

const isMessage = object<OutboxMessage>({
  id: isCount,
  sink: isText,
  idempotencyKey: isText,
  event: oneOf(NOTICE_EVENTS),
  severity: oneOf(SEVERITIES),
  notice: isNotice,
});

const isTimes: Check<Readonly<Record<string, number>>> = (value): value is Readonly<Record<string, number>> =>
  typeof value === 'object' && value !== null && Object.values(value).every(isNumber);

const isNoticeRecord = object<NoticeRecord>({
  id: isText,
  notice: isNotice,
  severity: oneOf(SEVERITIES),
  idempotencyKey: isText,
  held: isSwitch,
  toldMs: isTimes,
  reminders: isCount,
  awaitsMs: optional(isNumber),
});

const isOnce = object<SilenceWindow & { kind: 'once' }>({
  kind: oneOf(['once'] as const),
  fromMs: isNumber,
  toMs: isNumber,
});
const isRecurring = object<SilenceWindow & { kind: 'recurring' }>({
  kind: oneOf(['recurring'] as const),
  schedule: isText,
  durationSeconds: isPositive,
});

const isSilence = object<Silence>({
  id: isText,
  comment: isText,
  groups: isTexts,
  devices: isTexts,
  networks: isTexts,
  window: (value): value is SilenceWindow => isOnce(value) || isRecurring(value),
});

const isIncidentRecord = object<IncidentRecord>({
  incident: isIncident,
  messages: isCount,
  toldCount: isCount,
  lastDeathMs: isNumber,
  absorbed: isTexts,
});

/** Format 1 of the store knew alerts only, of one severity. */
function messageOfFormat1(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('alert' in value)) return value;
  const { alert, ...rest } = value;
  return { ...rest, severity: 'critical', notice: { kind: 'alert', alert } };
}

/** As in `records.ts`: the record, or null when it is damaged. Never throws. */
export const parseMessage = parser(isMessage, messageOfFormat1);
export const parseNotice = parser(isNoticeRecord);
export const parseSilence = parser(isSilence);
export const parseIncident = parser(isIncidentRecord);
