/** What is known of rollouts, targets and reports, without telling it anything. Pure. */
import { formatTarget, type Target } from '../../../protocol/configuration.ts';
import type { ConfigurationReport, ConfigurationState } from '../../../protocol/configuration-report.ts';
import { type Order, Rollout } from './rollout.ts';
import { RolloutDraft } from './rollout-draft.ts';
import { type KeptRow, type TargetRecord, targetRow } from './rows.ts';

/** Rollouts that are over, kept for whoever asks. */
const MAX_OVER = 50;

export class RolloutShelf {
  protected readonly kept = new Map<string, Rollout>();
  protected readonly draft = new RolloutDraft();
  readonly #targets = new Map<string, TargetRecord>();
  protected readonly reports = new Map<string, ConfigurationReport>();
  readonly #ends = new Map<ConfigurationState, number>();

  /** Takes up what was kept: rollouts before their members. */
  takeUp(rows: Iterable<KeptRow>): void {
    for (const row of rows) {
      if (row.kind === 'rollout') this.kept.set(row.rollout.id, row.rollout);
      else if (row.kind === 'member') this.kept.get(row.id)?.put(row.member);
      else if (row.kind === 'target') this.#targets.set(formatTarget(row.target.target), row.target);
      else this.putReport(row.device, row.report);
    }
  }

  /** Newest first. */
  rollouts(): readonly Rollout[] {
    return [...this.kept.values()].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
  }

  rollout(id: string): Rollout | undefined {
    return this.kept.get(id);
  }

  target(target: Target): TargetRecord | undefined {
    return this.#targets.get(formatTarget(target));
  }

  targets(): readonly TargetRecord[] {
    return [...this.#targets.values()];
  }

  /** What a device says that it runs; undefined: it never said. */
  report(device: string): ConfigurationReport | undefined {
    return this.reports.get(device);
  }

  /** Every device that ever said, with what it said last. */
  allReports(): Iterable<readonly [string, ConfigurationReport]> {
    return this.reports;
  }

  /** Which devices were given the target's current document, or find it at its group's topic. */
  wantedBy({ target, current }: TargetRecord): (device: string) => boolean {
    const rollout = this.newestOf(target);
    if (rollout === null || rollout.order.hash !== current.hash || rollout.state === 'completed')
      return () => true;
    return (device) => rollout.members.has(device);
  }

  /** Devices by what became of the last document that they were given. */
  reportedEnds(): ReadonlyMap<ConfigurationState, number> {
    return this.#ends;
  }

  /** Null: it is known no more. False: there was none. */
  protected putReport(device: string, report: ConfigurationReport | null): boolean {
    const before = this.reports.get(device);
    this.#count(before, -1);
    this.#count(report, 1);
    if (report === null) return this.reports.delete(device);
    this.reports.set(device, report);
    return true;
  }

  #count(report: ConfigurationReport | null | undefined, sign: 1 | -1): void {
    const state = report?.last?.state;
    if (state !== undefined) this.#ends.set(state, (this.#ends.get(state) ?? 0) + sign);
  }

  protected newestOf(target: Target): Rollout | null {
    const own = this.rollouts().filter(({ order }) => formatTarget(order.target) === formatTarget(target));
    return own.reduce<Rollout | null>(
      (newest, each) => (newest === null || each.order.version > newest.order.version ? each : newest),
      null,
    );
  }

  /** Puts a new rollout on the shelf, and its document in the place of its target's. */
  protected add({ target, version, hash, document, ...order }: Order, nowMs: number): Rollout {
    const before = this.newestOf(target);
    const known = this.target(target);
    const previous = before?.state === 'completed' ? (known?.current ?? null) : (known?.previous ?? null);
    // A device and a group may have one name.
    const short = `${target.name}-${version}`;
    const id = this.kept.has(short) ? `${target.kind}-${short}` : short;
    const rollout = new Rollout(id, { ...order, target, version, hash, document }, nowMs);
    this.kept.set(id, rollout);
    const record = { target, highestVersion: version, current: { version, hash, document }, previous };
    this.#targets.set(formatTarget(target), record);
    this.draft.row(targetRow(record));
    return rollout;
  }

  /** Forgets the oldest of those that are over, and of which nothing is left to be done. */
  protected forgetOld(): void {
    const over = this.rollouts().filter(({ isOver, members }) => isOver && members.size === 0);
    for (const { id } of over.slice(MAX_OVER)) {
      this.kept.delete(id);
      this.draft.row({ key: `rollout/${id}`, text: null });
    }
  }
}
