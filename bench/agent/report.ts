/** The figures for people, beside what is promised. */

/** What must hold (figure, at most, for what). */
export const PROMISES: readonly (readonly [name: string, most: number, what: string])[] = [
  ['rssRatio', 1.28, 'idle resident memory over TLS, to a bare Node'],
  ['startRatio', 0.6, 'start to CONNACK, to a stock MQTT.js script'],
  ['wakeupsPerProbe', 3, 'wake-ups of the main thread, a probe'],
  ['idleWakeups', 0, 'wake-ups of the main thread between probes'],
  ['cpuMsPerProbe', 2, 'ms of processor time, a probe'],
  ['wireBytesPerProbe', 80, 'bytes above TCP, a probe and its answer'],
];

/** A line for each promise whose figure was measured, then everything else. */
export function reportText(report: Readonly<Record<string, unknown>>): string {
  const promised = PROMISES.filter(([name]) => typeof report[name] === 'number').map(([name, most, what]) => {
    const value = report[name] as number;
    return `${name.padEnd(18)} ${String(value).padStart(8)}  at most ${String(most).padEnd(5)} ${value <= most ? 'held' : 'MISSED'}  ${what}`;
  });
  const rest = Object.entries(report)
    .filter(([name]) => !PROMISES.some(([promise]) => promise === name))
    .map(([name, value]) => `${name.padEnd(26)} ${JSON.stringify(value)}`);
  return `${[...promised, ...rest].join('\n')}\n`;
}
