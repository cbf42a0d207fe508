/** A rollout as lines of text. Pure. */
import type { RolloutView, WaveView } from './views.ts';

const BAR = 30;

/** One line a rollout. */
export function rolloutsTable(rollouts: readonly RolloutView[]): string {
  if (rollouts.length === 0) return 'no rollout yet\n';
  const rows = rollouts.map((rollout) => {
    const confirmed = rollout.waves.reduce((sum, wave) => sum + wave.confirmed, 0);
    const devices = rollout.waves.reduce((sum, wave) => sum + wave.devices, 0);
    const { id, target, version, state, created_at: at } = rollout;
    return [id, target, `v${version}`, state, `${confirmed}/${devices}`, at];
  });
  const all = [['ROLLOUT', 'TARGET', 'VERSION', 'STATE', 'CONFIRMED', 'STARTED'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A bar for each wave, what became of its devices, and why it stands where it stands. */
export function rolloutText(rollout: RolloutView): string {
  const { id, target, version, hash, state, reason, waves, control } = rollout;
  const lines = [
    `${id}: ${target} v${version} (${hash}) ${state}${reason === null ? '' : `: ${reason.text}`}`,
    ...waves.flatMap(waveLines),
    `the rest of the fleet: ${control.devices} ${control.devices === 1 ? 'device' : 'devices'}, ${control.lapsed} lapsed meanwhile`,
  ];
  return `${lines.join('\n')}\n`;
}

function waveLines(wave: WaveView): readonly string[] {
  const { size, devices, state, confirmed, ends_at: endsAt } = wave;
  const until = state === 'observing' && endsAt !== null ? ` until ${endsAt}` : '';
  const bad = (['rolled_back', 'refused', 'silent', 'lapsed'] as const)
    .filter((name) => wave[name] > 0)
    .map((name) => `, ${wave[name]} ${name.replace('_', ' ')}`)
    .join('');
  const trying = wave.trying > 0 ? `, ${wave.trying} trying` : '';
  const reasons = Object.entries(wave.reasons).map(([name, count]) => `         ${count} × ${name}`);
  return [
    `  ${size.padStart(5)}  [${bar(wave)}] ${confirmed} of ${devices} confirmed${trying}${bad}; ${state}${until}`,
    ...reasons,
  ];
}

/** `#` confirmed, `x` failed, `>` trying, `.` not yet. Whoever failed is seen, however few. */
function bar({ devices, confirmed, rolled_back: rolledBack, refused, trying }: WaveView): string {
  if (devices === 0) return ' '.repeat(BAR);
  const cells = (count: number, round: (value: number) => number): number => round((count / devices) * BAR);
  const failed = Math.min(BAR, cells(rolledBack + refused, Math.ceil));
  const done = Math.min(BAR - failed, cells(confirmed, Math.floor));
  const busy = Math.min(BAR - failed - done, cells(trying, Math.floor));
  return `${'#'.repeat(done)}${'>'.repeat(busy)}${'x'.repeat(failed)}`.padEnd(BAR, '.');
}
