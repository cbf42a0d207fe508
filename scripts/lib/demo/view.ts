/** The table of devices as lines of text. Pure. */
import type { DeviceHistory } from './chronicle.ts';
import type { DeviceRow } from './devices-api.ts';
import { type Colour, type Paint, padded } from './paint.ts';

export interface TableModel {
  readonly histories: readonly DeviceHistory[];
  readonly idleSeconds: ReadonlyMap<string, number>;
  /** The monitor did not answer: what is shown is what was last known. */
  readonly isMonitorDown: boolean;
  readonly openAlerts: number;
  /** Wall-clock ms. */
  readonly nowMs: number;
  /** Of the terminal. */
  readonly columns: number;
}

const HEAD = ['DEVICE', 'PATH FORGETS', 'STATE', 'INTERVAL', 'NEXT DUE', 'RTT', 'BATTERY', 'DROPS', 'WHY'];
const WIDTHS = [9, 14, 7, 10, 10, 8, 9, 7];
const COLOUR_OF_STATE = { alive: 'green', late: 'yellow', dead: 'red', left: 'dim', unknown: 'dim' } as const;
const LOW_BATTERY_PERCENT = 20;

/** Head, one line a device, foot; none wider than `columns`. */
export function renderTable(model: TableModel, paint: Paint): readonly string[] {
  const { columns } = model;
  const lines = model.histories.map((history) => rowCells(history, model));
  const head = HEAD.map((text): Cell => [text, 'dim']);
  return [...[head, ...lines].map((cells) => line(cells, columns, paint)), foot(model, paint)];
}

type Cell = readonly [text: string, colour: Colour | null];

function rowCells(
  { sight, drops, explainedSeconds }: DeviceHistory,
  { idleSeconds, nowMs }: TableModel,
): readonly Cell[] {
  const { row, device } = sight;
  const path: Cell = [`after ${idleSeconds.get(device) ?? '?'} s`, null];
  if (row === null) return [[device, null], path, ['-', 'dim']];
  const isLow = (row.batteryPercent ?? 100) <= LOW_BATTERY_PERCENT;
  return [
    [device, null],
    path,
    [row.state, COLOUR_OF_STATE[row.state]],
    [`${row.intervalSeconds} s`, null],
    [nextDue(row, nowMs), null],
    [row.rttMs === null ? '-' : `${row.rttMs} ms`, null],
    [row.batteryPercent === null ? '-' : `${row.batteryPercent} %`, isLow ? 'yellow' : null],
    [String(drops), null],
    [explainedSeconds === row.intervalSeconds ? row.reason : `${explainedSeconds} s: ${row.reason}`, null],
  ];
}

/** Padded, cut to the terminal's width before it is coloured: a wrapped line would break the redrawing. */
function line(cells: readonly Cell[], columns: number, paint: Paint): string {
  let room = columns - 1;
  return cells
    .map(([text, colour], index) => {
      const whole = padded(text, WIDTHS[index] ?? text.length + 1);
      const isCut = index >= WIDTHS.length && text.length > room && room > 0;
      const cell = isCut ? `${text.slice(0, room - 1)}…` : whole.slice(0, Math.max(0, room));
      room -= cell.length;
      return colour === null ? cell : paint(colour, cell);
    })
    .join('')
    .trimEnd();
}

/** When the next probe is due, from now; what has lapsed is negative. */
function nextDue(row: DeviceRow, nowMs: number): string {
  if (row.nextDueMs === null || row.state === 'dead' || row.state === 'left') return '-';
  return `${((row.nextDueMs - nowMs) / 1000).toFixed(1)} s`;
}

function foot({ isMonitorDown, openAlerts }: TableModel, paint: Paint): string {
  if (isMonitorDown) return paint('red', 'monitor and broker are down');
  return openAlerts === 0 ? paint('dim', 'no open alert') : paint('red', `open alerts: ${openAlerts}`);
}
