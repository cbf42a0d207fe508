/** Radio energy: promotion, transmission, and a tail that later packets extend instead of paying anew. */
import { readFileSync } from 'node:fs';
import type { RadioKind } from '../../agent/policy/interval-policies.ts';
import { CodedError } from '../../runtime/coded-error.ts';

export interface Radio {
  readonly name: string;
  /** What the agent takes it for. */
  readonly kind: RadioKind;
  /** Energy of waking the radio for one small exchange, without the tail, in joules. */
  readonly wakeJoules: number;
  readonly tailSeconds: number;
  readonly tailWatts: number;
  /** wake + tail: an isolated probe. */
  readonly probeJoules: number;
  /** How long each probe of a dead connection is waited for before it is repeated or given up, in seconds. */
  readonly answerWaitsSeconds: readonly number[];
  /** TCP, resumed TLS and CONNECT, in seconds; the radio is active throughout. */
  readonly reconnectSeconds: number;
  /** Median round trip from an idle radio, in ms. */
  readonly rttMs: number;
  /** Median round trip while the radio is awake, in ms. */
  readonly warmRttMs: number;
}

/**
 * What the table does not give: reconnects and round trips (cold-radio medians), and, where a source states only
 * the total of a probe, the length of the connected state over which that total is spread.
 */
const ASSUMED: Readonly<
  Record<
    string,
    readonly [kind: RadioKind, reconnect: number, rttMs: number, tail: number, warmRttMs: number]
  >
> = {
  lte: ['lte', 1, 900, 0, 70],
  'lte-aro': ['lte', 1, 900, 0, 70],
  '3g': ['3g', 1.5, 1200, 0, 150],
  wifi: ['wifi', 0.5, 60, 0, 20],
  'lte-m': ['lte-m', 2, 1200, 10, 150],
  'nb-iot-ecl0': ['nb-iot', 10, 3000, 20, 1000],
  'nb-iot-ecl1': ['nb-iot', 10, 5000, 20, 2000],
  'nb-iot-ecl2': ['nb-iot', 10, 8000, 20, 4000],
};

/** Reads `radio-energy.csv`. Throws `BENCH_DATA` when a row is not understood. */
export function readRadios(file: URL | string): readonly Radio[] {
  return parseRadios(readFileSync(file, 'utf8'));
}

/** As `readRadios`, from the text of the table. */
export function parseRadios(csv: string): readonly Radio[] {
  const [, ...lines] = csv.trim().split('\n');
  return lines.map((line) => {
    const columns = line.split(',');
    const name = columns[0] ?? '';
    const assumed = ASSUMED[name];
    if (assumed === undefined) throw new CodedError('BENCH_DATA', `radio "${name}" has no entry in ASSUMED`);
    const [kind, reconnectSeconds, rttMs, assumedTail, warmRttMs] = assumed;
    const number = (column: number): number => Number(columns[column] || 0);
    const probeJoules = number(8);
    const tailSeconds = number(3) > 0 ? number(3) / 1000 : assumedTail;
    const tailWatts = number(4) > 0 ? number(4) / 1000 : probeJoules / tailSeconds;
    if (!(probeJoules > 0 && tailSeconds > 0 && tailWatts > 0)) {
      throw new CodedError('BENCH_DATA', `radio "${name}": a probe's joules, tail or power is missing`);
    }
    const wakeJoules = Math.max(0, probeJoules - tailSeconds * tailWatts);
    return {
      name,
      kind,
      wakeJoules,
      tailSeconds,
      tailWatts,
      probeJoules,
      answerWaitsSeconds: answerWaits(rttMs),
      reconnectSeconds,
      rttMs,
      warmRttMs,
    };
  });
}

/** `verdict.answer_floor` and `verdict.answer_ceiling`, and the least wait after a sleep as a multiple of the median. */
const FLOOR_SECONDS = 3;
const CEILING_SECONDS = 30;
const COLD_LEAST_FACTOR = 2.2;

/** The agent's verdict once round trips are measured, with three probes; each wait is twice the last. */
function answerWaits(rttMs: number): readonly number[] {
  const first = Math.max(FLOOR_SECONDS, (COLD_LEAST_FACTOR * rttMs) / 1000);
  const second = Math.min(2 * first, CEILING_SECONDS);
  return [first, second, Math.min(2 * second, CEILING_SECONDS)];
}

/** Adds up a radio's energy over packets that come in the order of time. */
export class RadioMeter {
  joules = 0;
  readonly #radio: Radio;
  readonly #factor: () => number;
  #tailEndSeconds = Number.NEGATIVE_INFINITY;
  #wokeAtSeconds = Number.NEGATIVE_INFINITY;

  /** `factor`: how many times its usual energy the radio takes now, as on a weak signal. */
  constructor(radio: Radio, factor: () => number = () => 1) {
    this.#radio = radio;
    this.#factor = factor;
  }

  /** When the radio was last woken from sleep. */
  get wokeAtSeconds(): number {
    return this.#wokeAtSeconds;
  }

  /** Packets flow from `atSeconds` for `activeSeconds`. */
  packets(atSeconds: number, activeSeconds: number): void {
    const { wakeJoules, tailSeconds, tailWatts } = this.#radio;
    const end = atSeconds + activeSeconds + tailSeconds;
    if (atSeconds >= this.#tailEndSeconds) {
      this.joules += this.#factor() * (wakeJoules + (end - atSeconds) * tailWatts);
      this.#wokeAtSeconds = atSeconds;
    } else {
      this.joules += this.#factor() * Math.max(0, end - this.#tailEndSeconds) * tailWatts;
    }
    this.#tailEndSeconds = Math.max(this.#tailEndSeconds, end);
  }
}
