/** What a monitor with these settings would meet: which looks there are to take. */
import type { MonitorSettings } from '../config/settings.ts';
import { checkAddress } from './io/check/address.ts';
import { checkBroker } from './io/check/broker.ts';
import { checkDataFolder } from './io/check/data-folder.ts';
import { type CheckFinding, fine } from './io/check/finding.ts';
import { checkHttpTarget } from './io/check/http-target.ts';

export type { CheckFinding } from './io/check/finding.ts';

/** Looks at everything that the monitor needs from outside, at the same time; in a fixed order. Never throws. */
export function checkSurroundings(settings: MonitorSettings): Promise<readonly CheckFinding[]> {
  const { broker, embeddedBroker, http, dataDirectory } = settings;
  return Promise.all([
    embeddedBroker.enabled
      ? checkAddress('embedded_broker.listen', embeddedBroker.host, embeddedBroker.port)
      : checkBroker(broker, `keepalivehd-check-${process.pid}`),
    checkDataFolder(dataDirectory),
    checkAddress('http.listen', http.host, http.port),
    ...sinkChecks(settings.sinks),
  ]);
}

function sinkChecks({ log, mqtt, webhook }: MonitorSettings['sinks']): Promise<CheckFinding>[] {
  const known: (Promise<CheckFinding> | null)[] = [
    log ? Promise.resolve(fine('sinks.log', 'alerts go to the log')) : null,
    mqtt ? Promise.resolve(fine('sinks.mqtt', 'alerts go to the broker above')) : null,
    webhook && checkHttpTarget('sinks.webhook', webhook.url, webhook.timeoutSeconds),
  ];
  return known.filter((check) => check !== null);
}
