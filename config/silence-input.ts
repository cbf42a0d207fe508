/** A silence as an operator sends it to the API: read as strictly as one of the configuration. Pure. */
import { silenceProblem } from './alert-checks.ts';
import type { SilenceSettings } from './alert-settings.ts';
import { type SilenceConfig, silenceFields } from './schema/alerts.ts';
import { readValue } from './schema/formats.ts';
import { silenceSettings } from './to-alert-settings.ts';

export type SilenceReading =
  | { readonly ok: true; readonly silence: SilenceSettings }
  | {
      readonly ok: false;
      readonly field: string;
      readonly value: unknown;
      readonly problem: string;
      readonly fix: string;
    };

/**
 * Reads a body such as `{ groups: ["north"], duration: "2h" }`: without a schedule it begins at `from`, left out
 * now, and ends at `to`, left out after `duration`. Never throws.
 */
export function readSilence(body: unknown, id: string, nowMs: number): SilenceReading {
  const names = Object.keys(silenceFields).join(', ');
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return {
      ok: false,
      field: 'body',
      value: body,
      problem: 'is not an object',
      fix: `write { … } with any of ${names}`,
    };
  const given = body as Record<string, unknown>;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(silenceFields, name));
  if (unknown !== undefined)
    return {
      ok: false,
      field: unknown,
      value: given[unknown],
      problem: 'there is no such field',
      fix: `use any of ${names}`,
    };
  const read: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(silenceFields)) {
    const reading = readValue(given[name] ?? field.default, field);
    if (!reading.ok) {
      const { problem, fix } = reading;
      return { ok: false, field: name, value: given[name], problem, fix };
    }
    read[name] = reading.value;
  }
  const { to, schedule, duration } = read as unknown as SilenceConfig;
  if (to === null && schedule === null && duration === null) {
    const fix = 'write duration, or to, or schedule and duration';
    return { ok: false, field: 'silence', value: body, problem: 'has no end', fix };
  }
  if (to !== null && Date.parse(to) <= nowMs)
    return { ok: false, field: 'to', value: to, problem: 'is over', fix: 'write a moment to come' };
  const silence = fromNow(read as unknown as SilenceConfig, nowMs);
  const found = silenceProblem(silence);
  if (found !== null) return { ok: false, field: 'silence', value: body, ...found };
  return { ok: true, silence: silenceSettings(silence, id) };
}

function fromNow(silence: SilenceConfig, nowMs: number): SilenceConfig {
  const { schedule, duration, to } = silence;
  if (schedule !== null) return silence;
  const from = silence.from ?? new Date(nowMs).toISOString();
  if (duration === null || to !== null) return { ...silence, from };
  return {
    ...silence,
    from,
    to: new Date(Date.parse(from) + duration * 1000).toISOString(),
    duration: null,
  };
}
