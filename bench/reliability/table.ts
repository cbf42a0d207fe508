/** The scores as a table in Markdown. */
import type { Scores } from './scorebook.ts';

const ROWS: readonly (readonly [title: string, text: (scores: Scores) => string])[] = [
  ['device-months', ({ deviceMonths }) => whole(deviceMonths)],
  ['false flags caused by ourselves', ({ ownFalseFlags }) => whole(ownFalseFlags)],
  ['… per device-month', ({ ownPerDeviceMonth }) => ownPerDeviceMonth.toFixed(4)],
  ['people told that a living device is dead', ({ falseAlerts }) => whole(falseAlerts)],
  ['… per device-month', ({ alertsPerDeviceMonth }) => alertsPerDeviceMonth.toFixed(4)],
  ['living devices in the state `dead`, told or not', ({ falseFlags }) => whole(falseFlags)],
  ['… per device-month', ({ perDeviceMonth }) => perDeviceMonth.toFixed(4)],
  ['incidents (messages of them)', (s) => `${whole(s.incidents)} (${whole(s.incidentMessages)})`],
  ['deaths flagged', ({ detected }) => whole(detected)],
  ['… of these told only as part of an incident', ({ folded }) => whole(folded)],
  ['detection time p50', (s) => detection(s.detectionP50Seconds, s.detectionP50Timeouts)],
  ['detection time p99', (s) => detection(s.detectionP99Seconds, s.detectionP99Timeouts)],
  ['mistake duration p50', ({ mistakeP50Seconds }) => seconds(mistakeP50Seconds)],
  ['mistake duration p99', ({ mistakeP99Seconds }) => seconds(mistakeP99Seconds)],
  ['monitor in doubt', ({ doubtShare }) => `${(100 * doubtShare).toFixed(2)} %`],
];

/** One row a figure, one column a seed; ends with a line break. */
export function tableOf(seeds: readonly number[], scores: readonly Scores[]): string {
  const head = ['', ...seeds.map((seed) => `seed ${seed}`)];
  const lines = ROWS.map(([title, text]) => [title, ...scores.map(text)]);
  return [head, ['---', ...seeds.map(() => '---:')], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function seconds(value: number): string {
  return Number.isNaN(value) ? 'none' : `${Math.round(value)} s`;
}

function detection(value: number, timeouts: number): string {
  return Number.isNaN(value) ? 'none' : `${Math.round(value)} s (${timeouts.toFixed(2)} × timeout)`;
}
