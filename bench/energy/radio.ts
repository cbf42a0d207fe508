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
  /** How long each unanswered probe is waited for, in seconds. */
  readonly replyWaitSeconds: number;
  /** TCP, resumed TLS and CONNECT, in seconds; the radio is active throughout. */
  readonly reconnectSeconds: number;
  /** Median round trip from an idle radio, in ms. */
  readonly rttMs: number;
}

/**
 * What the table does not give: waits and round trips (cold-radio medians), and, where a source states only
 * the total of a probe, the length of the connected state over which that total is spread.
 */
const ASSUMED: Readonly<
  Record<string, readonly [kind: RadioKind, wait: number, reconnect: number, rttMs: number, tail: number]>
> = {
  lte: ['lte', 4, 1, 900, 0],
  'lte-aro': ['lte', 4, 1, 900, 0],
  '3g': ['3g', 5, 1.5, 1200, 0],
  wifi: ['wifi', 3, 0.5, 60, 0],
  'lte-m': ['lte-m', 6, 2, 1200, 10],
  'nb-iot-ecl0': ['nb-iot', 15, 10, 3000, 20],
  'nb-iot-ecl1': ['nb-iot', 15, 10, 5000, 20],
  'nb-iot-ecl2': ['nb-iot', 15, 10, 8000, 20],
};

/** Reads `radio-energy.csv`. Throws `BENCH_DATA` when a row is not understood. */
export function readRadios(file: URL | string): readonly Radio[] {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const columns = line.split(',');
    const name = columns[0] ?? '';
    const assumed = ASSUMED[name];
    if (assumed === undefined) throw new CodedError('BENCH_DATA', `radio "${name}" has no entry in ASSUMED`);
    const [kind, replyWaitSeconds, reconnectSeconds, rttMs, assumedTail] = assumed;
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
      replyWaitSeconds,
      reconnectSeconds,
      rttMs,
    };
  });
}

/** Adds up a radio's energy over packets that come in the order of time. */
export class RadioMeter {
  joules = 0;
  readonly #radio: Radio;
  #tailEndSeconds = Number.NEGATIVE_INFINITY;

  constructor(radio: Radio) {
    this.#radio = radio;
  }

  /** Packets flow from `atSeconds` for `activeSeconds`. */
  packets(atSeconds: number, activeSeconds: number): void {
    const { wakeJoules, tailSeconds, tailWatts } = this.#radio;
    const end = atSeconds + activeSeconds + tailSeconds;
    if (atSeconds >= this.#tailEndSeconds) {
      this.joules += wakeJoules + (end - atSeconds) * tailWatts;
    } else {
      this.joules += Math.max(0, end - this.#tailEndSeconds) * tailWatts;
    }
    this.#tailEndSeconds = Math.max(this.#tailEndSeconds, end);
  }
}
