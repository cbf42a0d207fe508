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

/** Encodes a probe; numbers out of range are clamped, since a measurement must never break the heartbeat. */
export function encodeProbe(probe: Probe): Uint8Array {
  const bytes = new Uint8Array(probe.vitals === null ? BARE_BYTES : VITALS_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] =
    (probe.vitals === null ? 0 : FLAG_VITALS) |
    (probe.externalPower ? FLAG_EXTERNAL_POWER : 0) |
    (probe.repeat ? FLAG_REPEAT : 0);
  view.setUint16(1, clampInteger(probe.promisedSeconds, 1, MAX_PROMISED_SECONDS));
  const { vitals } = probe;
  if (vitals !== null) {
    bytes[3] = stated(vitals.batteryPercent, 100, UNKNOWN_8);
    bytes[4] = stated(vitals.signalDbm === null ? null : -vitals.signalDbm, UNKNOWN_8 - 1, UNKNOWN_8);
    view.setUint16(5, stated(vitals.rttMs, UNKNOWN_16 - 1, UNKNOWN_16));
    view.setUint16(7, clampInteger(vitals.reconnects, 0, UNKNOWN_16));
  }
  return bytes;
}

/** Decodes a probe. Never throws. */
export function parseProbe(bytes: Uint8Array): ParsedProbe {
  if (bytes.length !== BARE_BYTES && bytes.length !== VITALS_BYTES)
    return { ok: false, refusal: 'bad-length' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.getUint8(0);
  if ((flags & ~KNOWN_FLAGS) !== 0) return { ok: false, refusal: 'reserved-flag' };
  const hasVitals = (flags & FLAG_VITALS) !== 0;
  if (hasVitals !== (bytes.length === VITALS_BYTES)) return { ok: false, refusal: 'bad-length' };
  const promisedSeconds = view.getUint16(1);
  if (promisedSeconds === 0) return { ok: false, refusal: 'no-promise' };
  const probe = {
    promisedSeconds,
    repeat: (flags & FLAG_REPEAT) !== 0,
    externalPower: (flags & FLAG_EXTERNAL_POWER) !== 0,
  };
  if (!hasVitals) return { ok: true, probe: { ...probe, vitals: null } };
  const battery = view.getUint8(3);
  if (battery > 100 && battery !== UNKNOWN_8) return { ok: false, refusal: 'bad-battery' };
  const signal = view.getUint8(4);
  const rtt = view.getUint16(5);
  const vitals: Vitals = {
    batteryPercent: battery === UNKNOWN_8 ? null : battery,
    signalDbm: signal === UNKNOWN_8 ? null : 0 - signal,
    rttMs: rtt === UNKNOWN_16 ? null : rtt,
    reconnects: view.getUint16(7),
  };
  return { ok: true, probe: { ...probe, vitals } };
}
