/** Alerts and incidents as lines of the log. */
import type { Log, LogFields } from '../../../runtime/log.ts';
import { type Notice, type NoticeEvent, noticeText } from '../../policy/notice.ts';
import { isoTime, noticeFields, type Sink } from './sink.ts';

const EVENTS: Readonly<Record<Notice['kind'], Readonly<Record<NoticeEvent, string>>>> = {
  alert: {
    opened: 'alertOpened',
    grown: 'alertGrown',
    reminded: 'alertReminded',
    resolved: 'alertResolved',
  },
  incident: {
    opened: 'incidentOpened',
    grown: 'incidentGrown',
    reminded: 'incidentReminded',
    resolved: 'incidentResolved',
  },
};

export function createLogSink(log: Log): Sink {
  return {
    name: 'log',
    async deliver({ event, severity, notice, idempotencyKey }) {
      const level = event === 'resolved' ? 'info' : 'warn';
      log.write(level, EVENTS[notice.kind][event], noticeText(notice, event), {
        ...noticeFields(notice),
        severity,
        idempotencyKey,
        ...details(notice),
      });
      await log.flush();
      return 'delivered';
    },
  };
}

function details(notice: Notice): LogFields {
  if (notice.kind === 'alert') {
    const { groups, network, lastHeardMs, keepaliveTimeoutSeconds } = notice.alert;
    return { groups, network, lastHeard: isoTime(lastHeardMs), keepaliveTimeoutSeconds };
  }
  const { memberCount, aliveAgainCount, firstMembers, causes } = notice.incident;
  const counted = Object.entries(causes).map(([cause, count]) => `${cause}: ${count}`);
  return { memberCount, aliveAgainCount, firstMembers, causes: counted };
}
