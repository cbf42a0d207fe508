/** What `--help` says. */

export const HELP = `keepalivehd keeps one MQTT connection alive, and flags the devices that fell silent.

Usage:
  keepalivehd agent    run on a device: keep its connection to the broker alive
  keepalivehd monitor  run in the cloud: flag devices whose probes lapse
  keepalivehd config   show, validate or describe a configuration

  keepalivehd COMMAND --help   more about a command
  keepalivehd --version        the version

Exit codes: 0 done, 1 failed, 2 command line not understood, 78 configuration not valid.
`;

const COMMON = `  --config FILE     configuration file (JSON5)
  --set KEY=VALUE   override one key, such as keepalive_interval=45s; may be given again
`;

const ORDER = 'Later wins: default, preset, file, environment (KHD_…), --set. Keys: docs/settings.md.\n';

export const AGENT_HELP = `Usage: keepalivehd agent [--config FILE] [--set KEY=VALUE …]

${COMMON}
${ORDER}`;

export const MONITOR_HELP = `Usage: keepalivehd monitor [--config FILE] [--embedded-broker] [--set KEY=VALUE …]

${COMMON}  --embedded-broker run a broker inside, for trying out; as --set embedded_broker.enabled=true

${ORDER}`;

export const CONFIG_HELP = `Usage: keepalivehd config show|validate|schema [--for agent|monitor] [--config FILE] [--set KEY=VALUE …] [--json]

  show      the values in force and where each comes from; secrets are masked
  validate  says what is wrong, every problem on a line; exit code 1 when there is any
  schema    JSON Schema of the configuration file

  --for PART        agent (default) or monitor
${COMMON}  --json            print JSON

${ORDER}`;
