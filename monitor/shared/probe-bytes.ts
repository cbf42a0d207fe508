/** A probe straight from the broker's bytes. */
import { type Probe, parseProbe } from '../../protocol/probe.ts';
import type { ProbeBytes } from '../../protocol/probe-scan.ts';
import { isDeviceName } from '../../protocol/topics.ts';

/** Hands a good probe to `heard`; false: it is not one, and who knows why may say so. */
export function hearProbeBytes(
  bytes: Uint8Array,
  { nameStart, nameEnd, payloadStart, payloadEnd }: ProbeBytes,
  heard: (device: string, probe: Probe) => void,
): boolean {
  const parsed = parseProbe(bytes.subarray(payloadStart, payloadEnd));
  if (!parsed.ok) return false;
  // Names are ASCII, so one byte is one character; what is none does not pass as a name.
  const device = Buffer.from(bytes.buffer, bytes.byteOffset + nameStart, nameEnd - nameStart).toString(
    'latin1',
  );
  if (!isDeviceName(device)) return false;
  heard(device, parsed.probe);
  return true;
}
