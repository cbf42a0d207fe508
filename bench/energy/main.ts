/** `npm run bench:energy`: every rule against the clairvoyant. Prints a table, or JSON as the last line. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chartLines } from './chart.ts';
import { HELP, readOptions } from './options.ts';
import { rowsInParallel } from './parallel.ts';
import { drawEnergy } from './svg.ts';
import type { Row } from './table.ts';

function line(row: Row): string {
  const name = `${row.rule}${row.retuned ? ' (retuned)' : ''}${row.fleetKnowledge ? ' (fleet)' : ''}`;
  return [
    row.radio.padEnd(12),
    `${row.backgroundLossPerHour}/h`.padEnd(6),
    `${row.days} d`.padEnd(6),
    name.padEnd(24),
    row.geometricMeanRatio.toFixed(3).padStart(9),
    row.worstRatio.toFixed(2).padStart(9),
    String(row.worstIdleTimeoutSeconds).padStart(9),
    row.geometricMeanEnergyRatio.toFixed(2).padStart(9),
    String(row.drops).padStart(8),
  ].join('');
}

const HEADER = [
  'radio'.padEnd(12),
  'loss'.padEnd(6),
  'span'.padEnd(6),
  'rule'.padEnd(24),
  ...['geo.mean', 'worst', 'at s', 'energy'].map((title) => title.padStart(9)),
  'drops'.padStart(8),
].join('');

async function main(): Promise<void> {
  const given = readOptions(process.argv.slice(2));
  if (given === null) {
    process.stdout.write(HELP);
    return;
  }
  const { table, json, chart, onlyChart } = given;
  if (chart) {
    const file = fileURLToPath(new URL('../../docs/energy.svg', import.meta.url));
    writeFileSync(file, drawEnergy(chartLines()));
    process.stderr.write('docs/energy.svg is written\n');
  }
  if (onlyChart) return;
  process.stdout.write(`${HEADER}\n`);
  const rows = await rowsInParallel(table, (some) => {
    const sorted = [...some].sort((a, b) => a.days - b.days || a.geometricMeanRatio - b.geometricMeanRatio);
    process.stdout.write(`${sorted.map(line).join('\n')}\n`);
  });
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:energy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
