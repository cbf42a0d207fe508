/** What a look at the world around a service found. */

export interface CheckFinding {
  /** The key of the configuration that it is about. */
  readonly check: string;
  /** `warning`: the service would run, but perhaps not as meant. */
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do; null when all is well. */
  readonly fix: string | null;
}

export function fine(check: string, detail: string): CheckFinding {
  return { check, outcome: 'ok', detail, fix: null };
}

export function failed(check: string, detail: string, fix: string): CheckFinding {
  return { check, outcome: 'failed', detail, fix };
}

export function doubtful(check: string, detail: string, fix: string): CheckFinding {
  return { check, outcome: 'warning', detail, fix };
}
