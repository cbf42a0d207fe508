/** `struct tcp_info` of Linux (include/uapi/linux/tcp.h), as far as the agent has a use for it. */

export interface TcpInfo {
  /** Segments sent and not yet acknowledged. */
  readonly unackedSegments: number;
  /** Retransmission timeouts in a row for the oldest of them; 0 while all is well. */
  readonly retransmits: number;
  /** Segments sent again since the connection began. */
  readonly totalRetransmissions: number;
  readonly rttMs: number;
  readonly rttVarianceMs: number;
  /** The kernel's retransmission timeout. */
  readonly retransmissionTimeoutMs: number;
  /** Since the last segment with data came in. */
  readonly lastReceivedMs: number;
}

const OFFSETS = {
  retransmits: 2,
  rto: 8,
  unacked: 24,
  lastDataRecv: 52,
  rtt: 68,
  rttVariance: 72,
  totalRetrans: 100,
} as const;
/** Kernels append fields and never move one: 2.6 already had these. */
const SHORTEST_BYTES = 104;

/** Reads what `getsockopt(TCP_INFO)` filled; null when it is too short to be one. */
export function parseTcpInfo(bytes: Uint8Array, endianness: 'BE' | 'LE'): TcpInfo | null {
  if (bytes.length < SHORTEST_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u32 = (offset: number): number => view.getUint32(offset, endianness === 'LE');
  return {
    unackedSegments: u32(OFFSETS.unacked),
    retransmits: view.getUint8(OFFSETS.retransmits),
    totalRetransmissions: u32(OFFSETS.totalRetrans),
    rttMs: u32(OFFSETS.rtt) / 1000,
    rttVarianceMs: u32(OFFSETS.rttVariance) / 1000,
    retransmissionTimeoutMs: u32(OFFSETS.rto) / 1000,
    lastReceivedMs: u32(OFFSETS.lastDataRecv),
  };
}
