/** What `keepalivehd fleet --help` says. */

export const FLEET_HELP = `Usage: keepalivehd fleet keys create NAME | keys list
       keepalivehd fleet push --target group:NAME|device:NAME FILE [options]
       keepalivehd fleet status [ROLLOUT] [--watch]
       keepalivehd fleet halt ROLLOUT [--reason TEXT] | resume ROLLOUT
       keepalivehd fleet rollback --target group:NAME|device:NAME [options]

  keys      makes a signing key, or lists those there are; the public part goes into fleet.trusted_keys of the devices
  push      checks FILE (JSON5, keys as in the agent's file), shows what changes against what was pushed before, asks,
            signs, and starts a rollout. What a device runs where nothing was pushed, its own file says: see --config
            FILE is all that is pushed to that target: what an earlier push set and FILE leaves out is undone
  status    all rollouts, or one with a bar for each wave
  halt      hands a rollout's settings to no further device
  resume    goes on with a rollout that was halted
  rollback  pushes the settings before the last push again, signed as a new version

  --waves LIST           how many devices, wave after wave (push: 1,5%,25%,100%; rollback: 100%)
  --observe DURATION     how long a wave is watched before the next one (15m)
  --confirm-within D     how long a device may take to prove its connection under the settings, 30s to 24h (5m)
  --expires DURATION     how long devices take the settings (30d)
  --version N            instead of the next one
  --key NAME|FILE        the signing key, where there are several
  --trust KEY            push: trust this public key from then on instead of those before; may be given again
  --config FILE          push: an agent's file, to check the settings over, and to show where nothing was pushed
  --dry-run              do everything but push; with --version it needs no monitor
  --yes                  do not ask
  --directory FOLDER     keys: where they lie (~/.config/keepalivehd/keys)
  --monitor URL          the monitor's API (KHD_MONITOR_URL, http://127.0.0.1:8080)
  --token-file FILE      holds its http.token (KHD_MONITOR_TOKEN_FILE)
  --json                 print JSON

Exit codes: 0 done; 1 failed, refused, or the rollout that status shows has stopped; 2 command line not understood.
`;
