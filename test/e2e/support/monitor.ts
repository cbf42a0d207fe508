/** A monitor as it ships, with short times, in a data folder of the test's. */
import { type Program, startProgram } from './process.ts';

export interface RunningMonitor extends Program {
  readonly http: string;
  /** GET of the API, parsed. */
  get(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** Resolves once it listens to the fleet without doubt. */
  ready(): Promise<void>;
}

/** Short times: a device that promises 1 s and a count of 3 is dead after 3.5 s. */
export const SHORT_TIMES = {
  grace: '500ms',
  // The devices of the tests come back sooner than any agent.
  reconnect_allowance: '2s',
  'delivery.min_delay': '50ms',
  'delivery.max_delay': '500ms',
};

export async function startMonitor(
  settings: Readonly<Record<string, string | number | boolean>>,
): Promise<RunningMonitor> {
  const program = startProgram(['monitor'], { 'http.listen': '127.0.0.1:0', ...SHORT_TIMES, ...settings });
  const { http } = await program.line('monitorStarted', 60_000);
  const url = String(http);
  return {
    ...program,
    http: url,
    async get(path) {
      const response = await fetch(`${url}${path}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async ready() {
      await program.line('linkUp', 60_000);
    },
  };
}
