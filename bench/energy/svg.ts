/** Draws the chart as SVG text: log axes, one line per rule, no script and no outside font. */
import type { ChartLine, ChartPoint } from './chart.ts';

const WIDTH = 960;
const HEIGHT = 640;
const PLOT = { left: 78, top: 76, right: 770, bottom: 566 } as const;
const X_TICKS = [30, 60, 120, 300, 600, 1200, 1800, 3600];
const Y_TICKS = [500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
/** Above this share of time a device counts as out of reach: the line is broken. */
const REACHABLE_SHARE = 0.02;
const LABEL_GAP = 15;

/** Colours that stay apart on white for most eyes (after Tol's muted scheme). */
const COLOURS = [
  '#332288',
  '#117733',
  '#aa4499',
  '#88ccee',
  '#999933',
  '#cc6677',
  '#44aa99',
  '#661100',
  '#6699cc',
  '#888888',
  '#ddaa33',
];
const OURS = '#d62000';

type Scale = (value: number) => number;

/** The whole document. The same lines give the same text. */
export function drawEnergy(lines: readonly ChartLine[]): string {
  const all = lines.flatMap(({ points }) => points);
  const x = scale(
    all.map((point) => point.idleTimeoutSeconds),
    PLOT.left,
    PLOT.right,
    1,
  );
  const y = scale(
    all.map((point) => point.joulesPerDay),
    PLOT.bottom,
    PLOT.top,
    1.15,
  );
  const colourOf = colours(lines);
  const drawn = [...lines].sort((a, b) => rank(a) - rank(b));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    "<title>Energy per day against the path's idle timeout, by keep-alive rule</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(
      PLOT.left,
      28,
      'What a kept-alive connection costs on LTE',
      'font-size="19" font-weight="bold" fill="#222222"',
    ),
    text(
      PLOT.left,
      49,
      `First week, mean energy per day, rules as published. Dotted: out of reach for more than ${REACHABLE_SHARE * 100} % of the time.`,
      'fill="#555555"',
    ),
    ...axes(x, y),
    ...drawn.map((line) => drawLine(line, x, y, colourOf(line))),
    ...labels(lines, y, colourOf),
    '</svg>',
    '',
  ].join('\n');
}

/** Ours lies over the others, and the dashes of the clairvoyant over ours. */
function rank({ kind }: ChartLine): number {
  return ['other', 'ours', 'clairvoyant'].indexOf(kind);
}

function colours(lines: readonly ChartLine[]): (line: ChartLine) => string {
  const others = lines.filter(({ kind }) => kind === 'other');
  return (line) => {
    if (line.kind === 'ours') return OURS;
    if (line.kind === 'clairvoyant') return '#000000';
    return COLOURS[others.indexOf(line) % COLOURS.length] as string;
  };
}

function scale(values: readonly number[], from: number, to: number, margin: number): Scale {
  const low = Math.log(Math.min(...values) / margin);
  const high = Math.log(Math.max(...values) * margin);
  return (value) => from + ((Math.log(value) - low) / (high - low)) * (to - from);
}

function axes(x: Scale, y: Scale): readonly string[] {
  const inX = (at: number): boolean => at >= PLOT.left - 0.5 && at <= PLOT.right + 0.5;
  const inY = (at: number): boolean => at >= PLOT.top && at <= PLOT.bottom;
  const vertical = X_TICKS.filter((tick) => inX(x(tick))).flatMap((tick) => [
    rule(x(tick), PLOT.top, x(tick), PLOT.bottom),
    text(x(tick), PLOT.bottom + 19, String(tick), 'text-anchor="middle" fill="#555555"'),
  ]);
  const horizontal = Y_TICKS.filter((tick) => inY(y(tick))).flatMap((tick) => [
    rule(PLOT.left, y(tick), PLOT.right, y(tick)),
    text(
      PLOT.left - 8,
      y(tick) + 4,
      tick >= 1000 ? `${tick / 1000} kJ` : `${tick} J`,
      'text-anchor="end" fill="#555555"',
    ),
  ]);
  const middle = (PLOT.left + PLOT.right) / 2;
  return [
    ...vertical,
    ...horizontal,
    `<rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top}" fill="none" stroke="#999999"/>`,
    text(
      middle,
      PLOT.bottom + 44,
      'idle timeout of the path, seconds',
      'text-anchor="middle" fill="#222222"',
    ),
    `<text transform="translate(20 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle" fill="#222222">energy per day</text>`,
  ];
}

/** Each stretch between two points is whole or dotted as its ends are reachable or not. */
function drawLine({ kind, points }: ChartLine, x: Scale, y: Scale, colour: string): string {
  const width = kind === 'ours' ? 3.5 : kind === 'clairvoyant' ? 1.5 : 1.6;
  const place = (point: ChartPoint): string =>
    `${fixed(x(point.idleTimeoutSeconds))} ${fixed(y(point.joulesPerDay))}`;
  const reachable = (point: ChartPoint): boolean => point.unreachableShare <= REACHABLE_SHARE;
  const stretches = points.slice(1).map((point, index) => {
    const before = points[index] as ChartPoint;
    return { whole: reachable(before) && reachable(point), path: `M${place(before)}L${place(point)}` };
  });
  const path = (whole: boolean): string =>
    stretches
      .filter((stretch) => stretch.whole === whole)
      .map((stretch) => stretch.path)
      .join('');
  const style = `fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"`;
  const dash = kind === 'clairvoyant' ? ' stroke-dasharray="7 5"' : '';
  return [
    `<path d="${path(true)}" ${style}${dash}/>`,
    `<path d="${path(false)}" ${style} stroke-dasharray="1 5"/>`,
  ].join('\n');
}

/** Beside the right end of each line, moved apart where they would overlap. */
function labels(
  lines: readonly ChartLine[],
  y: Scale,
  colourOf: (line: ChartLine) => string,
): readonly string[] {
  const wanted = lines
    .map((line) => ({ line, at: y(line.points.at(-1)?.joulesPerDay ?? 1) }))
    .sort((a, b) => a.at - b.at);
  let last = Number.NEGATIVE_INFINITY;
  const placed = wanted.map(({ line, at }) => {
    last = Math.max(at, last + LABEL_GAP);
    return { line, at, label: last };
  });
  // What would run out at the bottom pushes the others up.
  let next = PLOT.bottom + LABEL_GAP / 2;
  for (const entry of placed.reverse()) {
    entry.label = Math.min(entry.label, next);
    next = entry.label - LABEL_GAP;
  }
  return placed.map(({ line, at, label }) => {
    const weight = line.kind === 'ours' ? ' font-weight="bold"' : '';
    const colour = colourOf(line);
    const leader = `<path d="M${PLOT.right} ${fixed(at)}L${PLOT.right + 22} ${fixed(label)}" fill="none" stroke="${colour}"/>`;
    return `${leader}\n${text(PLOT.right + 26, label + 4, line.name, `fill="${colour}"${weight}`)}`;
  });
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="#e4e4e4"/>`;
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${words}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
