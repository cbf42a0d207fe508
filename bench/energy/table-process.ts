/** One part of the table, in a process of its own. */
import type { TableJob } from './parallel.ts';
import { findRule } from './rules/catalogue.ts';
import { tableRows } from './table.ts';

process.once('message', (message) => {
  const { options, ruleNames, radio, backgroundLossPerHour } = message as TableJob;
  const rows = tableRows({ ...options, rules: ruleNames.map(findRule) }, radio, backgroundLossPerHour);
  process.send?.(rows, undefined, undefined, () => process.disconnect());
});
