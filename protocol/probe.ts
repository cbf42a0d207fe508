/**
 * The probe's bytes (docs/protocol.md). Byte 0: flags. Bytes 1–2: the promised interval in seconds, unsigned,
 * big-endian. With flag `vitals`, six more: battery %, signal as −dBm, last round trip in ms (2), reconnects
 * since boot (2). Unknown is all ones. Strict: a reserved flag or a wrong length is refused, because a
 * lenient parser would read garbage as a promise.
 */

const FLAG_VITALS = 0x01;
const FLAG_EXTERNAL_POWER = 0x02;
const FLAG_REPEAT = 0x04;
const KNOWN_FLAGS = FLAG_VITALS | FLAG_EXTERNAL_POWER | FLAG_REPEAT;

const BARE_BYTES = 3;
const VITALS_BYTES = 9;
const UNKNOWN_8 = 0xff;
const UNKNOWN_16 = 0xffff;

/** The longest interval that a probe can promise. */
export const MAX_PROMISED_SECONDS = 0xffff;

export interface Vitals {
  /** 0–100, or null when there is no battery. */
  readonly batteryPercent: number | null;
  /** −254…0, or null when there is no radio. */
  readonly signalDbm: number | null;
  /** 0–65,534 (longer is stated as 65,534), or null before the first answer. */
  readonly rttMs: number | null;
  /** Since boot; counts up to 65,535 and stays. */
  readonly reconnects: number;
}

export interface Probe {
  /** When the next probe is due at the latest: 1–65,535 s from now. */
  readonly promisedSeconds: number;
  /** Repeats a probe that went unanswered. */
  readonly repeat: boolean;
  readonly externalPower: boolean;
  /** Present only when they changed enough to matter. */
  readonly vitals: Vitals | null;
}

export type ProbeRefusal = 'bad-length' | 'reserved-flag' | 'no-promise' | 'bad-battery';

export type ParsedProbe =
  | { readonly ok: true; readonly probe: Probe }
  | { readonly ok: false; readonly refusal: ProbeRefusal };

function clampInteger(value: number, low: number, high: number): number {
  return Number.isNaN(value) ? low : Math.min(high, Math.max(low, Math.round(value)));
}

/** A measurement as stated: clamped, or `unknown` when there is none. */
function stated(value: number | null, high: number, unknown: number): number {
  return value === null || Number.isNaN(value) ? unknown : clampInteger(value, 0, high);
}

/** The bytes that vitals take in a probe. */
export const VITALS_LENGTH = VITALS_BYTES - BARE_BYTES;
/** Where they begin. */
export const VITALS_AT = BARE_BYTES;
/** Vitals of nothing but this byte say nothing at all. */
export const UNKNOWN_VITALS = UNKNOWN_8;

/** Writes vitals as a probe states them, `VITALS_LENGTH` bytes from `at` on; numbers out of range are clamped. */
export function packVitals(vitals: Vitals, to: Uint8Array, at: number): void {
  const rtt = stated(vitals.rttMs, UNKNOWN_16 - 1, UNKNOWN_16);
  const reconnects = clampInteger(vitals.reconnects, 0, UNKNOWN_16);
  to[at] = stated(vitals.batteryPercent, 100, UNKNOWN_8);
  to[at + 1] = stated(vitals.signalDbm === null ? null : -vitals.signalDbm, UNKNOWN_8 - 1, UNKNOWN_8);
  to[at + 2] = rtt >> 8;
  to[at + 3] = rtt & 0xff;
  to[at + 4] = reconnects >> 8;
  to[at + 5] = reconnects & 0xff;
}

/** Reads what `packVitals` wrote. Never throws. */
export function unpackVitals(from: Uint8Array, at: number): Vitals {
  const battery = from[at] as number;
  const signal = from[at + 1] as number;
  const rtt = uint16(from, at + 2);
  return {
    batteryPercent: battery === UNKNOWN_8 ? null : battery,
    signalDbm: signal === UNKNOWN_8 ? null : 0 - signal,
    rttMs: rtt === UNKNOWN_16 ? null : rtt,
    reconnects: uint16(from, at + 4),
  };
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Encodes a probe; numbers out of range are clamped, since a measurement must never break the heartbeat. */
export function encodeProbe(probe: Probe): Uint8Array {
  const bytes = new Uint8Array(probe.vitals === null ? BARE_BYTES : VITALS_BYTES);
  const promisedSeconds = clampInteger(probe.promisedSeconds, 1, MAX_PROMISED_SECONDS);
  bytes[0] =
    (probe.vitals === null ? 0 : FLAG_VITALS) |
    (probe.externalPower ? FLAG_EXTERNAL_POWER : 0) |
    (probe.repeat ? FLAG_REPEAT : 0);
  bytes[1] = promisedSeconds >> 8;
  bytes[2] = promisedSeconds & 0xff;
  if (probe.vitals !== null) packVitals(probe.vitals, bytes, VITALS_AT);
  return bytes;
}

/** What is wrong with the probe in `bytes` from `start` to `end`, or null; allocates nothing. Never throws. */
export function probeRefusal(bytes: Uint8Array, start: number, end: number): ProbeRefusal | null {
  const length = end - start;
  if (length !== BARE_BYTES && length !== VITALS_BYTES) return 'bad-length';
  const flags = bytes[start] as number;
  if ((flags & ~KNOWN_FLAGS) !== 0) return 'reserved-flag';
  if (((flags & FLAG_VITALS) !== 0) !== (length === VITALS_BYTES)) return 'bad-length';
  if (promisedSecondsAt(bytes, start) === 0) return 'no-promise';
  if (length === BARE_BYTES) return null;
  const battery = bytes[start + VITALS_AT] as number;
  return battery > 100 && battery !== UNKNOWN_8 ? 'bad-battery' : null;
}

/** The promise of the valid probe that begins at `start`. */
export function promisedSecondsAt(bytes: Uint8Array, start: number): number {
  return uint16(bytes, start + 1);
}

/** Percent of the vitals that begin at `at`, or null without a battery. */
export function batteryAt(bytes: Uint8Array, at: number): number | null {
  const percent = bytes[at] as number;
  return percent === UNKNOWN_8 ? null : percent;
}

/** Whether the valid probe that begins at `start` was sent on external power. */
export function isExternallyPowered(bytes: Uint8Array, start: number): boolean {
  return ((bytes[start] as number) & FLAG_EXTERNAL_POWER) !== 0;
}

/** Decodes a probe. Never throws. */
export function parseProbe(bytes: Uint8Array): ParsedProbe {
  const refusal = probeRefusal(bytes, 0, bytes.length);
  if (refusal !== null) return { ok: false, refusal };
  const flags = bytes[0] as number;
  return {
    ok: true,
    probe: {
      promisedSeconds: promisedSecondsAt(bytes, 0),
      repeat: (flags & FLAG_REPEAT) !== 0,
      externalPower: (flags & FLAG_EXTERNAL_POWER) !== 0,
      vitals: (flags & FLAG_VITALS) === 0 ? null : unpackVitals(bytes, VITALS_AT),
    },
  };
}
