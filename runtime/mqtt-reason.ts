/** Reason codes of MQTT 5 (section 2.4) in words, as far as brokers end or refuse connections with them. */

export const REASON = { packetTooLarge: 0x95, retainNotSupported: 0x9a, qosNotSupported: 0x9b } as const;

const WORDS: Readonly<Record<number, string>> = {
  0: 'normal disconnection',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  135: 'not authorized',
  137: 'server busy',
  139: 'server shutting down',
  141: 'keep alive timeout',
  142: 'session taken over',
  143: 'topic filter invalid',
  144: 'topic name invalid',
  147: 'receive maximum exceeded',
  148: 'topic alias invalid',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  154: 'retain not supported',
  155: 'QoS not supported',
  156: 'use another server',
  157: 'server moved',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
};

/** What a broker adds for people [MQTT-3.2.2-19]; both are its own words. */
export interface ReasonProperties {
  readonly reasonString?: string;
  readonly serverReference?: string;
}

/** The network's words are cut: they go into a log line. */
const MAX_CHARACTERS = 160;

/** `session taken over (reason code 142)`, and what the broker added. */
export function reasonText(code: number, properties?: ReasonProperties): string {
  const words = WORDS[code];
  const named = words === undefined ? `reason code ${code}` : `${words} (reason code ${code})`;
  return `${named}${addition(properties)}`;
}

/** What the broker added, to be put behind other words; empty: nothing. */
export function addition(properties: ReasonProperties | undefined): string {
  const { reasonString, serverReference } = properties ?? {};
  const said = reasonString ? `; it says: ${cut(reasonString)}` : '';
  const elsewhere = serverReference ? `; it names another server: ${cut(serverReference)}` : '';
  return `${said}${elsewhere}`;
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
