/**
 * The signal's strength, for a probe that must not wait for it: a source that answers at once is read at once;
 * any other is asked while the radio is awake, and what it said last is used until it answers.
 */
import type { Log } from '../../../runtime/log.ts';
import type { NetworkKind } from '../../policy/network-key.ts';
import { createCommandSource } from './command.ts';
import { withDeadline } from './deadline.ts';
import type { Iw } from './iw.ts';
import { type ModemReader, modemFor } from './modem.ts';
import type { RunCommand } from './run-command.ts';
import { createWifiSource } from './wifi.ts';

export interface SignalSource {
  readonly name: 'wifi' | 'modem' | 'command';
  /** The signal in dBm where that takes no waiting. */
  readNow?(): number | null;
  /** The signal in dBm, null: not now, `missing`: not before the network changes. Ends when `signal` is aborted. */
  read(signal: AbortSignal): Promise<number | null | 'missing'>;
}

export interface SignalReading {
  readonly signalDbm: number | null;
}

export interface SignalOptions {
  readonly source: 'auto' | 'wifi' | 'modem' | 'command' | 'off';
  /** Program and arguments; empty: none. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly procRoot: string;
  readonly iw: Iw;
  readonly modem: ModemReader;
  readonly run: RunCommand;
  readonly log: Log;
}

/** Reads the signal of the network in use. */
export class SignalReader {
  readonly #options: SignalOptions;
  readonly #closing = new AbortController();
  #sources: readonly SignalSource[] = [];
  #last: number | null = null;
  /** Counts changes of network: what an older one's sources still say is not heard. */
  #network = 0;
  #refreshing = false;
  #complained = false;

  constructor(options: SignalOptions) {
    this.#options = options;
  }

  /** To be called once per connection: chooses the sources, and forgets what was missing on the last one. */
  use(kind: NetworkKind, name: string | null): void {
    this.#network++;
    this.#refreshing = false;
    this.#last = null;
    this.#sources = this.#choose(kind, name);
  }

  /** The signal as far as it is known now, rounded to whole dBm. Call it only while awake for a probe. */
  read(): SignalReading {
    for (const source of this.#sources) {
      const now = source.readNow?.() ?? null;
      if (now !== null) return { signalDbm: Math.round(now) };
    }
    if (!this.#refreshing && this.#sources.length > 0) void this.#refresh();
    return { signalDbm: this.#last };
  }

  /** Ends what is under way and reads nothing more. */
  close(): void {
    this.#closing.abort();
    this.#network++;
    this.#sources = [];
  }

  #choose(kind: NetworkKind, name: string | null): readonly SignalSource[] {
    const { source, command } = this.#options;
    const wanted = source === 'auto' ? [kind, 'command'] : [source];
    const sources: SignalSource[] = [];
    if (wanted.includes('wifi')) {
      sources.push(createWifiSource({ ...this.#options, interface: kind === 'wifi' ? name : null }));
    }
    if (wanted.includes('modem') || wanted.includes('cellular')) sources.push(this.#modemSource(kind, name));
    if (wanted.includes('command') && command.length > 0) {
      sources.push(createCommandSource(command, this.#options.run, (detail) => this.#complain(detail)));
    }
    return sources;
  }

  #modemSource(kind: NetworkKind, name: string | null): SignalSource {
    const { modem } = this.#options;
    return {
      name: 'modem',
      async read(signal) {
        const modems = await modem.read(signal);
        if (modems.length === 0) return signal.aborted ? null : 'missing';
        // On another network's interface the modem is still the one that the operator wants to know of.
        return modemFor(modems, kind === 'cellular' ? name : null, 'wwan')?.signalDbm ?? null;
      },
    };
  }

  async #refresh(): Promise<void> {
    const network = this.#network;
    const { timeoutMs } = this.#options;
    this.#refreshing = true;
    const found = await withDeadline(timeoutMs, (signal) => this.#firstOf(signal), this.#closing.signal);
    if (network !== this.#network) return;
    this.#refreshing = false;
    this.#last = found === null ? null : Math.round(found);
  }

  /** The first source that has a value. One that is missing is asked no more. */
  async #firstOf(signal: AbortSignal): Promise<number | null> {
    for (const source of this.#sources) {
      const value = await source.read(signal);
      if (typeof value === 'number') return value;
      if (value === 'missing') this.#sources = this.#sources.filter((each) => each !== source);
      if (signal.aborted) return null;
    }
    return null;
  }

  /** Once: a command is the operator's own and can be mended; missing hardware is nobody's fault. */
  #complain(detail: string): void {
    if (this.#complained || this.#closing.signal.aborted) return;
    this.#complained = true;
    const { log, command } = this.#options;
    log.write('warn', 'signalCommandFailed', `signal.command gives no signal: ${detail}`, { command });
  }
}
