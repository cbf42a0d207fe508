/** When the monitor did not know: it doubted itself, or did not run. In order, apart from each other, bounded. Pure. */
import type { Span } from './availability.ts';
import { DAY_MS } from './time-series.ts';

const KEPT_MS = 31 * DAY_MS;
const MOST = 1000;

/** The spells with one more, which ends last. */
export function withSpell(spells: readonly Span[], spell: Span): readonly Span[] {
  if (spell.toMs <= spell.fromMs) return spells;
  const last = spells.at(-1);
  const touches = last !== undefined && spell.fromMs <= last.toMs;
  const joined = touches
    ? { fromMs: Math.min(last.fromMs, spell.fromMs), toMs: Math.max(last.toMs, spell.toMs) }
    : spell;
  const all = touches ? [...spells.slice(0, -1), joined] : [...spells, joined];
  return all.filter(({ toMs }) => toMs > joined.toMs - KEPT_MS).slice(-MOST);
}
