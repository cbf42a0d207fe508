/** What the monitor's API says of configurations and rollouts (docs/api.md). */

export interface DocumentView {
  readonly version: number;
  readonly hash: string;
  /** The JWS. */
  readonly document: string;
}

export interface TargetView {
  readonly target: string;
  readonly current: DocumentView | null;
  readonly previous: DocumentView | null;
  /** 0: none was ever rolled out. */
  readonly highest_version: number;
  /** That the monitor has heard of, dead or alive. */
  readonly devices: number;
}

export interface WaveView {
  readonly size: string;
  readonly devices: number;
  readonly state: 'waiting' | 'releasing' | 'observing' | 'passed' | 'failed';
  readonly sent: number;
  readonly trying: number;
  readonly confirmed: number;
  readonly rolled_back: number;
  readonly refused: number;
  readonly silent: number;
  readonly lapsed: number;
  readonly ends_at: string | null;
  readonly reasons: Readonly<Record<string, number>>;
}

export interface RolloutView {
  readonly id: string;
  readonly target: string;
  readonly version: number;
  readonly hash: string;
  readonly state: 'running' | 'halted' | 'completed' | 'superseded';
  readonly created_at: string;
  readonly reason: { readonly kind: string; readonly text: string } | null;
  readonly waves: readonly WaveView[];
  readonly control: { readonly devices: number; readonly lapsed: number };
}
