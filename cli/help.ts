/** What `--help` says. */

export const HELP = `keepalivehd keeps one MQTT connection alive, and flags the devices that fell silent.

Usage:
  keepalivehd agent    run on a device: keep its connection to the broker alive
  keepalivehd monitor  run in the cloud: flag devices whose probes lapse
  keepalivehd fleet    push signed settings to devices, and follow their rollout
  keepalivehd config   show or check a configuration, or print its JSON Schema
  keepalivehd simulate what a policy would cost on a radio and a path
  keepalivehd load     probes of many devices, to see what a broker and a monitor can take

  keepalivehd COMMAND --help   more about a command
  keepalivehd --version        the version

Exit codes: 0 done, 1 failed, 2 command line not understood, 78 configuration not valid.
`;

const COMMON = `  --config FILE     configuration file (JSON5)
  --set KEY=VALUE   override one key, such as keepalive_interval=45s; may be given again
`;

const ORDER =
  'Later wins: default, preset, file, pushed, environment (KHD_…), --set. Keys: docs/settings.md.\n';

export const AGENT_HELP = `Usage: keepalivehd agent [--config FILE] [--set KEY=VALUE …]
       keepalivehd agent check-config [--connect [--own-name]] [--json] [the same]

check-config says whether the configuration is valid, and with --connect walks the way to the broker: name, TCP, proxy,
TLS (version, certificate, resumption), CONNECT, permissions. It stops at the step that fails and says what to do. It
connects as NAME-check, so that an agent that runs is left alone. A broker that lets an account connect under its own name
only refuses that: stop the agent, and add --own-name. One that makes the account's name the client's throws a running agent
out for a moment either way. Exit codes: 0 all is well (warnings aside), 78 the configuration is not valid, 1 a step failed.

${COMMON}  --connect         check-config: try the way to the broker
  --own-name        check-config: connect as the device itself; its agent must not run meanwhile
  --json            check-config: print one JSON object

${ORDER}`;

export const MONITOR_HELP = `Usage: keepalivehd monitor [--config FILE] [--embedded-broker] [--set KEY=VALUE …]
       keepalivehd monitor check-config [--connect] [--json] [the same]

check-config says line by line what a monitor so configured would meet, and starts none. Exit codes: 0 all is well
(warnings aside), 78 the configuration is not valid, 1 something that it needs is not there.

${COMMON}  --embedded-broker run a broker inside, for trying out; as --set embedded_broker.enabled=true
  --connect         check-config: try the broker, the data folder, the addresses and the sinks too
  --json            check-config: print one JSON object

${ORDER}`;

export const CONFIG_HELP = `Usage: keepalivehd config show|validate|schema [--for agent|monitor] [--config FILE] [--set KEY=VALUE …] [--json]

  show      the values in force and where each comes from; secrets are masked. Of an agent, with what was pushed to it
            and confirmed, as its state_directory says (--origin may be added: it is always shown). A terminal shows
            the beginning of long values (…): pipe it, or add --json, for all of them
  validate  says what is wrong, every problem on a line, and what is hardly meant; exit code 78 when it is not valid
  schema    JSON Schema of the configuration file

  --for PART        agent (default) or monitor
${COMMON}  --json            print JSON

${ORDER}`;

export const SIMULATE_HELP = `Usage: keepalivehd simulate --idle-timeout TIME|never|FILE [options]
       keepalivehd simulate --networks FILE [options]

Lives days of virtual time with one device and a monitor, and reports energy, reach and detection.

  --policy NAME           responsive, balanced (default), low_power: the agent and the monitor as they ship.
                          Others' rules, in the fast simulator: fixed-N, fcm, mars, microg, kontalk, activesync,
                          courier, additive; with -retuned: the same rule within our bounds
  --radio NAME            lte (default), lte-aro, 3g, wifi, lte-m, nb-iot-ecl0, nb-iot-ecl1, nb-iot-ecl2
  --idle-timeout TIME     such as 5m or 300: after how much silence the path forgets a connection; never; or a CSV file
                          start_seconds,idle_timeout_seconds that repeats daily when it ends within a day
  --path KIND             how it forgets: silent (default), reset (RST to the next packet), closes (FIN at the
                          limit), revives (the device's next packet is let through)
  --background-loss N     connections lost per hour for other reasons, 0 (default) to 60
  --outages FILE          CSV start_seconds,duration_seconds: nothing gets through
  --load FILE             CSV start_seconds,load (0 to 1): how full the path's table is; above 0.6 it forgets sooner
  --networks FILE         CSV start_seconds,network,idle_timeout_seconds: the device moves, its connection stays behind
  --power FILE            CSV start_seconds,battery_percent,external_power (0 or 1; no battery: leave it empty)
  --signal FILE           CSV start_seconds,signal_dbm: a weak signal makes each packet dearer
                          All tables start at 0 and repeat daily when they end within a day; --networks, --power and
                          --signal are for our policies only
  --days N                0.01 to 366; default 7
  --seed N                the same seed gives the same output; default 1
  --json                  print one JSON object

What is modelled and what is assumed: docs/simulation.md.
`;

export const LOAD_HELP = `Usage: keepalivehd load [--broker URL] [--devices N] [--interval TIME] [--duration TIME] [options]

Publishes the probes of many devices over a few connections, for a bounded time: to see what a broker and a
monitor can take. Every device says first who it is; then it probes on time; at the end, and after the first Ctrl-C or
SIGTERM, it says that it leaves, so that nobody is alerted. A broker that cannot keep up is not overrun: the schedule
slips, and the summary says by how much.

  --broker URL          mqtt://HOST:PORT or mqtts://…; default mqtt://127.0.0.1:1883
  --force-remote        allow a broker on another machine: it must be yours, and meant to be loaded
  --username NAME       user name at the broker, with --password-file FILE
  --devices N           1 to 16000000; default 1000
  --sockets N           connections that they share; default 4
  --interval TIME       between two probes of one device; default 50s
  --rate N              probes a second in all, instead of --interval
  --promise TIME        what each probe promises; default the interval, in whole seconds, rounded up
  --count N             the keepalive_count that they state; default 3
  --duration TIME       1s to 1h; default 60s
  --kill WHO@TIME       so long after the start these fall silent, without a will: N for the first N devices, or a
                        file with a name on each line; may be given again. They say no goodbye: a monitor
                        declares them dead
  --killed-to FILE      write who was killed and when each was last heard of, as CSV
  --churn PERCENT       of the devices reconnect in a minute: a new session, a new status; default 0
  --networks N          networks that they are shared out over, in blocks of neighbours; default 20
  --vitals-every N      one probe in N carries vitals; default 10, 0 for none
  --qos 0|1             default 0
  --retain              let the broker keep the statuses, as it does of real devices
  --no-status           no first words and no goodbye: for a monitor that knows these devices
  --no-goodbye          all fall silent at the end, and a monitor declares them dead
  --prefix NAME         devices are named NAME-0000 and so on; default load
  --seed N              the same seed makes the same devices reconnect; default 1
  --json                print JSON lines; the last is the summary
`;
