/**
 * What the monitor says of itself and of the fleet as a whole, for Prometheus; the only import of prom-client.
 * No label names a device: a hundred thousand series would block every scrape.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CONFIGURATION_STATES } from '../../protocol/configuration-report.ts';
import { DOUBT_REASONS, type DoubtReason } from '../policy/attentive-clock.ts';
import { CIRCUIT_PHASES, type CircuitPhase } from '../policy/circuit.ts';
import type { DeviceState } from '../policy/device.ts';
import { type IncidentScope, SCOPE_KINDS } from '../policy/incident.ts';
import { ROLLOUT_STATES, type RolloutState } from '../policy/rollout/rollout.ts';
import type { WatchTotals } from '../policy/tally.ts';

/** How far the process keeps up. */
export interface LoadFigures {
  /** Share of the last second in which the event loop did not rest. */
  readonly utilization: number;
  readonly lagSeconds: number;
  readonly commitsWaiting: number;
}

/** Where the figures are, read at each scrape. */
export interface MetricSources {
  counts(): Record<DeviceState, number>;
  totals(): WatchTotals;
  doubts(): readonly DoubtReason[];
  doubtMs(): number;
  refused(): Iterable<readonly [reason: string, total: number]>;
  /** The scope of each open one. */
  incidents?(): readonly IncidentScope['kind'][];
  /** Opened since the start. */
  incidentTotals?(): ReadonlyMap<IncidentScope['kind'], number>;
  pending(): Iterable<readonly [sink: string, count: number]>;
  load(): LoadFigures;
  rollouts?(): readonly RolloutState[];
  /** Devices by what became of the last document that they were given. */
  configurations?(): Iterable<readonly [state: string, count: number]>;
  circuits?(): Iterable<readonly [sink: string, phase: CircuitPhase]>;
}

export interface Metrics {
  readonly contentType: string;
  /** The exposition text. */
  text(): Promise<string>;
  delivery(sink: string, result: string): void;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): Gauge =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        collect(this);
      },
    });
  const counter = (
    name: string,
    help: string,
    labelNames: string[],
    collect: (counter: Counter) => void,
  ): Counter =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect(this);
      },
    });
  gauge('khd_devices', 'Devices by state.', ['state'], (metric) => {
    for (const [state, count] of Object.entries(sources.counts())) metric.set({ state }, count);
  });
  doubtMetrics(registers, sources);
  loadMetrics(registers, sources);
  deathMetrics(registers, sources);
  circuitMetrics(registers, sources);
  rolloutMetrics(gauge, sources);
  outboxMetrics(gauge, sources);
  counter('khd_probes_total', 'Probes heard.', [], (metric) => metric.inc(sources.totals().probes));
  counter('khd_statuses_total', 'Statuses heard.', [], (metric) => metric.inc(sources.totals().statuses));
  counter('khd_refused_messages_total', 'Messages refused.', ['reason'], (metric) => {
    for (const [reason, total] of sources.refused()) metric.inc({ reason }, total);
  });
  counter('khd_transitions_total', 'Changes of state.', ['to', 'cause'], (metric) => {
    for (const { to, cause, count } of sources.totals().transitions) metric.inc({ to, cause }, count);
  });
  const deliveries = new Counter({
    name: 'khd_deliveries_total',
    help: 'Answers of the sinks: delivered, refused (for good) or passing (will be tried again).',
    labelNames: ['sink', 'result'],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    delivery: (sink, result) => deliveries.inc({ sink, result }),
  };
}

function loadMetrics(registers: Registry[], sources: MetricSources): void {
  const figure = (name: string, help: string, key: keyof LoadFigures): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(sources.load()[key]);
      },
    });
  };
  figure('khd_event_loop_utilization', 'Share of the last second without rest.', 'utilization');
  figure('khd_event_loop_lag_seconds', 'How late the last timer of a second came.', 'lagSeconds');
  figure('khd_backlog_commits', 'Devices and networks whose news is not durable yet.', 'commitsWaiting');
}

type GaugeMaker = (name: string, help: string, labels: string[], collect: (gauge: Gauge) => void) => Gauge;

function outboxMetrics(gauge: GaugeMaker, { pending }: MetricSources): void {
  gauge('khd_outbox_pending', 'Deliveries that a sink is owed.', ['sink'], (metric) => {
    for (const [sink, count] of pending()) metric.set({ sink }, count);
  });
}

function rolloutMetrics(gauge: GaugeMaker, { rollouts, configurations }: MetricSources): void {
  if (rollouts === undefined || configurations === undefined) return;
  gauge(
    'khd_rollouts',
    'Rollouts by state, the latest of those that are over included.',
    ['state'],
    (metric) => {
      const all = rollouts();
      for (const state of ROLLOUT_STATES) metric.set({ state }, all.filter((each) => each === state).length);
    },
  );
  const help = 'Devices by what became of the last document that they were given, as they report it.';
  gauge('khd_configuration_devices', help, ['state'], (metric) => {
    for (const state of CONFIGURATION_STATES) metric.set({ state }, 0);
    for (const [state, count] of configurations()) metric.set({ state }, count);
  });
}

function circuitMetrics(registers: Registry[], sources: MetricSources): void {
  new Gauge({
    name: 'khd_sink_circuit',
    help: '1 for the state that a sink is in: closed while it answers.',
    labelNames: ['sink', 'state'],
    registers,
    collect() {
      for (const [sink, phase] of sources.circuits?.() ?? [])
        for (const state of CIRCUIT_PHASES) this.set({ sink, state }, state === phase ? 1 : 0);
    },
  });
}

function deathMetrics(registers: Registry[], sources: MetricSources): void {
  incidentMetrics(registers, sources);
  new Counter({
    name: 'khd_deaths_total',
    help: 'Devices declared dead, by probable cause.',
    labelNames: ['cause'],
    registers,
    collect() {
      this.reset();
      for (const [cause, count] of sources.totals().deaths) this.inc({ cause }, count);
    },
  });
}

function incidentMetrics(registers: Registry[], sources: MetricSources): void {
  const labelNames = ['scope'];
  new Gauge({
    name: 'khd_incidents',
    help: 'Open incidents by scope.',
    labelNames,
    registers,
    collect() {
      const open = sources.incidents?.() ?? [];
      for (const scope of SCOPE_KINDS) this.set({ scope }, open.filter((kind) => kind === scope).length);
    },
  });
  new Counter({
    name: 'khd_incidents_total',
    help: 'Incidents opened, by scope.',
    labelNames,
    registers,
    collect() {
      this.reset();
      const totals = sources.incidentTotals?.();
      for (const scope of SCOPE_KINDS) this.inc({ scope }, totals?.get(scope) ?? 0);
    },
  });
}

function doubtMetrics(registers: Registry[], sources: MetricSources): void {
  new Gauge({
    name: 'khd_doubt',
    help: '1 while nobody is declared dead for this reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      for (const reason of DOUBT_REASONS) this.set({ reason }, sources.doubts().includes(reason) ? 1 : 0);
    },
  });
  new Counter({
    name: 'khd_doubt_seconds_total',
    help: 'Time in which nobody is declared dead.',
    registers,
    collect() {
      this.reset();
      this.inc(sources.doubtMs() / 1000);
    },
  });
}
