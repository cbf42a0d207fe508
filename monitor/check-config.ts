/** What a monitor with these settings would meet: which looks there are to take. */
import type { MonitorSettings } from '../config/settings.ts';
import { type CheckFinding, fine } from '../runtime/check-finding.ts';
import { checkAddress } from './io/check/address.ts';
import { checkBroker } from './io/check/broker.ts';
import { checkDataFolder } from './io/check/data-folder.ts';
import { checkHttpTarget } from './io/check/http-target.ts';
import { checkProgram } from './io/check/program.ts';

export type { CheckFinding } from '../runtime/check-finding.ts';

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

function sinkChecks(sinks: MonitorSettings['sinks']): Promise<CheckFinding>[] {
  const { log, mqtt, webhook, alertmanager, command } = sinks;
  const [program] = command?.argv ?? [];
  return [
    ...(log ? [Promise.resolve(fine('sinks.log', 'alerts go to the log'))] : []),
    ...(mqtt ? [Promise.resolve(fine('sinks.mqtt', 'alerts go to the broker'))] : []),
    ...(webhook ? [checkHttpTarget('sinks.webhook', webhook.url, webhook.timeoutSeconds)] : []),
    ...(alertmanager?.urls ?? []).map((url) =>
      // One of its own that says whether it is ready, below whatever path it is served at.
      checkHttpTarget(
        'sinks.alertmanager',
        `${url.replace(/\/$/, '')}/-/ready`,
        alertmanager?.timeoutSeconds ?? 1,
      ),
    ),
    ...(program === undefined ? [] : [checkProgram('sinks.command', program, process.env.PATH ?? '')]),
  ];
}
