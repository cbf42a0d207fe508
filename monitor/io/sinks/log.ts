/** Alerts as lines of the log. */
import type { Log } from '../../../runtime/log.ts';
import { isoTime, type Sink } from './sink.ts';

export function createLogSink(log: Log): Sink {
  return {
    name: 'log',
    async deliver({ event, alert, idempotencyKey }) {
      const opened = event === 'opened';
      log.write(
        opened ? 'warn' : 'info',
        opened ? 'alertOpened' : 'alertResolved',
        opened ? alert.summary : `${alert.device}: resolved`,
        {
          device: alert.device,
          alert: alert.id,
          idempotencyKey,
          groups: alert.groups,
          network: alert.network,
          lastHeard: isoTime(alert.lastHeardMs),
          keepaliveTimeoutSeconds: alert.keepaliveTimeoutSeconds,
        },
      );
      await log.flush();
      return 'delivered';
    },
  };
}
