/** The settings as Markdown tables, generated from the schemas. Pure. */
import { PRESETS } from './presets/presets.ts';
import { agentSchema } from './schema/agent.ts';
import { formatDuration } from './schema/durations.ts';
import { listKeys, type SchemaItem, type SchemaTree } from './schema/item.ts';
import { monitorSchema } from './schema/monitor.ts';

/** The keys of the README: what a first user meets. The rest is in docs/settings.md. */
const FIRST_KEYS: ReadonlySet<string> = new Set([
  'keepalive_interval',
  'keepalive_count',
  'keepalive_timeout',
  'idle_threshold',
  'adaptive_mode',
  'min_interval',
  'max_interval',
  'max_detection',
  'preset',
  'device.name',
  'broker.url',
]);

const HEAD = '| key | default | values | meaning | environment |\n|---|---|---|---|---|\n';

function table(tree: SchemaTree, wanted: (key: string) => boolean = () => true): string {
  const rows = [...listKeys(tree)].filter(([key]) => wanted(key));
  return HEAD + rows.map(([key, item]) => row(key, item)).join('');
}

function row(key: string, item: SchemaItem): string {
  const cells = [
    `\`${key}\``,
    item.default === null ? '' : `\`${JSON.stringify(item.default)}\``,
    values(item),
    item.doc +
      (item.sensitive === true ? ' Never shown.' : '') +
      (item.pushable === false ? ' Cannot be pushed.' : ''),
    `\`${item.env}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** What may be written, in a few words. */
function values(item: SchemaItem): string {
  switch (item.format) {
    case 'switch':
      return '`true`, `false`';
    case 'choice':
      return (item.choices ?? []).map((choice) => `\`${JSON.stringify(choice)}\``).join(', ');
    case 'duration':
      return `duration${bounds(item, formatDuration)}`;
    case 'duration_list':
      return `list of durations${bounds(item, formatDuration)}`;
    case 'whole_number':
      return `whole number${bounds(item, String)}`;
    case 'url':
      return (item.schemes ?? []).map((scheme) => `\`${scheme}://\``).join(', ');
    case 'listen':
      return '`HOST:PORT`';
    case 'group_list':
      return 'list of names';
    case 'text_list':
      return 'list of texts';
    case 'name_list':
      return 'list of names';
    case 'choice_list':
      return `list of ${(item.choices ?? []).map((choice) => `\`${JSON.stringify(choice)}\``).join(', ')}`;
    case 'key_list':
      return 'list of public keys';
    case 'url_list':
      return `list of ${(item.schemes ?? []).map((scheme) => `\`${scheme}://\``).join(', ')}`;
    case 'section_list':
      return `list of \`{ ${Object.keys(item.fields ?? {}).join(', ')} }\``;
    case 'moment':
      return 'ISO 8601 with zone';
    case 'schedule':
      return 'cron expression';
    case 'device_name':
      return '1–64 of `A–Z a–z 0–9 . _ : -`';
    default:
      return item.format;
  }
}

function bounds(item: SchemaItem, show: (value: number) => string): string {
  if (item.max !== undefined) return `, ${show(item.min ?? 0)} to ${show(item.max)}`;
  return item.min === undefined ? '' : `, ${show(item.min)} or more`;
}

function presetTable(): string {
  const names = Object.keys(PRESETS);
  const keys = [...new Set(Object.values(PRESETS).flatMap((preset) => Object.keys(preset)))];
  const lines = keys.map((key) => {
    const cells = Object.values(PRESETS).map((preset) => (key in preset ? `\`${preset[key]}\`` : ''));
    return `| \`${key}\` | ${cells.join(' | ')} |\n`;
  });
  return `| key | ${names.join(' | ')} |\n|---|${'---|'.repeat(names.length)}\n${lines.join('')}`;
}

const agentTree = agentSchema as unknown as SchemaTree;
const monitorTree = monitorSchema as unknown as SchemaTree;

/** The whole of docs/settings.md. */
export function settingsPage(): string {
  return `# Settings

Generated from the schemas in \`config/schema\` by \`npm run docs:settings\`; do not edit.

A configuration file is JSON5: comments and trailing commas are welcome. A dotted key is nested:
\`broker.url\` is \`broker: { url: "…" }\`. Later wins: default, preset, file, what was pushed to the device's groups and to itself
(docs/fleet-config.md), environment, \`--set KEY=VALUE\`.
Durations are a number with \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; a bare number is seconds. In the environment and
after \`--set\`, \`null\` unsets what has no default, and a list is separated by commas; an empty variable counts
as not set, an unknown one that begins with \`KHD_\` is refused. \`keepalivehd config validate\` names every
problem at once; \`keepalivehd config show\` says where each value comes from.

## Agent

${table(agentTree)}
### Presets

${presetTable()}
## Monitor

${table(monitorTree)}`;
}

export const README_BEGIN = '<!-- settings:begin -->';
export const README_END = '<!-- settings:end -->';

/** The README with its part between the marks renewed; unchanged when it has no marks. */
export function renewReadme(readme: string): string {
  const begin = readme.indexOf(README_BEGIN);
  const end = readme.indexOf(README_END, begin);
  if (begin < 0 || end < 0) return readme;
  const part = `\n${table(agentTree, (key) => FIRST_KEYS.has(key))}\nAll keys: [docs/settings.md](docs/settings.md).\n`;
  return readme.slice(0, begin + README_BEGIN.length) + part + readme.slice(end);
}
