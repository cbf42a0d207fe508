/**
 * Whether what befell a wave is more than chance: exact one-sided binomial tests against what befalls the rest of the
 * fleet over the same time. Pure.
 */

/** What befell the devices of a wave, or those of one network in it. */
export interface Tally {
  /** Those that count: they were alive when they got the document. */
  readonly devices: number;
  /** They took the settings back by themselves. */
  readonly rolledBack: number;
  readonly refused: number;
  /** They were declared dead since. */
  readonly lapsed: number;
  /** They never said what became of the document; known only at the end of a wave. */
  readonly silent: number;
}

export interface Control {
  readonly devices: number;
  readonly lapsed: number;
}

export interface Halt {
  readonly kind: 'rollbacks' | 'lapses' | 'silence';
  /** In words and numbers. */
  readonly text: string;
}

/** Chance at most to halt a good push by one look at one wave. */
const ALPHA = 0.01;
/** Lapses are looked at again and again while a wave lasts. */
const ALPHA_LAPSES = 0.002;
/** Settings that are right are taken back or refused by at most so many devices: a full disk, a local override. */
const OWN_FAULT_RATE = 0.004;
/** Devices alive a moment ago that say nothing of a document, for reasons of their own. */
const SILENCE_RATE = 0.02;
/** No control group excuses more: when so much of the fleet lapses, nobody should push. */
const MAX_LAPSE_RATE = 0.05;
/** Of a wave, that it must not lose, however small it and the rest of the fleet are: the first device above all. */
const HALF = 0.5;

/** Why the wave must not go on; null: it may. `networks`: the wave's tally by network, by the network's key. */
export function judgeWave(wave: Tally, networks: ReadonlyMap<string, Tally>, control: Control): Halt | null {
  const whole = judge(wave, 'the wave', control, 1);
  if (whole !== null) return whole;
  for (const [network, tally] of networks) {
    const found = judge(tally, `network ${network}`, control, networks.size);
    if (found !== null) return found;
  }
  return null;
}

/** `tests`: how many are made at once (Bonferroni's correction). */
function judge(tally: Tally, where: string, control: Control, tests: number): Halt | null {
  const { devices, rolledBack, refused, lapsed, silent } = tally;
  const own = rolledBack + refused;
  if (isMore(own, devices, OWN_FAULT_RATE, ALPHA / tests)) {
    const words = [rolledBack > 0 && `${rolledBack} took it back`, refused > 0 && `${refused} refused it`];
    return {
      kind: 'rollbacks',
      text: `of ${devicesOf(devices)} of ${where} ${words.filter(Boolean).join(', ')}`,
    };
  }
  if (lapsesMore(lapsed, devices, control, ALPHA_LAPSES / tests)) {
    const others = `of the ${control.devices} others ${control.lapsed}`;
    return { kind: 'lapses', text: `of ${devicesOf(devices)} of ${where} ${lapsed} lapsed, ${others}` };
  }
  if ((silent > 0 && silent >= devices * HALF) || isMore(silent, devices, SILENCE_RATE, ALPHA / tests)) {
    return { kind: 'silence', text: `of ${devicesOf(devices)} of ${where} ${silent} said nothing of it` };
  }
  return null;
}

/**
 * Were both alike, each lapse would fall on the wave with the chance that is its share of all devices (the conditional
 * test of two Poisson rates, Przyborowski and Wilenski 1940): it allows for how little a small rest of the fleet can tell.
 */
function lapsesMore(lapsed: number, devices: number, control: Control, alpha: number): boolean {
  if (lapsed === 0) return false;
  if (lapsed >= devices * HALF && control.lapsed <= control.devices * (HALF / 2)) return true;
  const share = devices / (devices + control.devices);
  if (share < 1 && isMore(lapsed, lapsed + control.lapsed, share, alpha)) return true;
  return isMore(lapsed, devices, MAX_LAPSE_RATE, alpha);
}

/** Whether `hits` of `trials` are more than `rate` explains, by chance at most `alpha`. */
function isMore(hits: number, trials: number, rate: number, alpha: number): boolean {
  return hits > 0 && binomialTail(hits, trials, rate) < alpha;
}

/** P(X ≥ hits) of a binomial distribution. */
export function binomialTail(hits: number, trials: number, rate: number): number {
  if (hits <= 0) return 1;
  if (hits > trials) return 0;
  // The first term in logarithms, since n over k overflows; the others follow from it.
  let logTerm = hits * Math.log(rate) + (trials - hits) * Math.log1p(-rate);
  for (let at = 0; at < hits; at++) logTerm += Math.log((trials - at) / (hits - at));
  let term = Math.exp(logTerm);
  let sum = term;
  for (let at = hits; at < trials; at++) {
    term *= ((trials - at) / (at + 1)) * (rate / (1 - rate));
    sum += term;
    // Beyond the mode the terms shrink faster than a geometric series.
    if (term < sum * 1e-12 && at > trials * rate) break;
  }
  return Math.min(1, sum);
}

const devicesOf = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;
