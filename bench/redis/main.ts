/** `npm run bench:redis`: how fast one of many monitors writes into a real Redis. JSON as the last line with `--json`. */
import { parseArgs } from 'node:util';
import { publishPacket } from '../../load/mqtt-packets.ts';
import { encodeProbe } from '../../protocol/probe.ts';
import { probeTopic } from '../../protocol/topics.ts';
import { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { type RedisServer, startRedis } from '../../test/e2e/support/redis.ts';
import { median } from '../monitor/statistics.ts';
import { type BenchReplica, openReplica } from './replica.ts';

const HELP = `npm run bench:redis -- [options]
  --devices N   of the fleet (100,000)
  --seconds N   under load (10)
  --quick       20,000 devices, 3 s
  --json        one JSON object as the last line
`;
/** Probes that the broker is taken to have sent in one go: at 100,000 a second, those of 50 ms. */
const BURST = 5000;
const TICK_MS = 250;

interface Figures {
  readonly devices: number;
  /** New devices, each with record and transition. */
  readonly firstProbesPerSecond: number;
  /** Of devices that are alive, from a broker's bytes to Redis' answer; the median of half seconds. */
  readonly probesPerSecond: number;
  /** For each second that a core worked for it: what is left of the rate when others load the machine. */
  readonly replicaProbesPerCpuSecond: number;
  readonly redisProbesPerCpuSecond: number;
  /** Judged, recorded, alert opened and owed. */
  readonly deathsPerSecond: number;
  readonly falseDeaths: number;
}

const started = (): (() => number) => {
  const startMs = performance.now();
  return () => (performance.now() - startMs) / 1000;
};

/** The bytes of one probe of each device, in bursts. A promise of 1 s, so that they can die soon after. */
function bursts(devices: number, promisedSeconds: number): Uint8Array[] {
  const payload = encodeProbe({ promisedSeconds, repeat: false, externalPower: false, vitals: null });
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < devices; from += BURST) {
    const packets = Array.from({ length: Math.min(BURST, devices - from) }, (_, at) => {
      const name = `bench-${String(from + at).padStart(7, '0')}`;
      return publishPacket(probeTopic(name), payload, { qos: 0 }).bytes;
    });
    chunks.push(Buffer.concat(packets));
  }
  return chunks;
}

/** Hears and writes at once, as a monitor does, for `seconds`; probes per second in each half second. */
async function pour(
  replica: BenchReplica,
  chunks: readonly Uint8Array[],
  seconds: number,
): Promise<{ readonly rates: number[]; readonly total: number }> {
  const rates: number[] = [];
  let total = 0;
  const whole = started();
  let chunk = 0;
  let ticked = started();
  while (whole() < seconds) {
    const half = started();
    let probes = 0;
    let writing: Promise<void> = Promise.resolve();
    while (half() < 0.5) {
      replica.hear(chunks[chunk] as Uint8Array);
      chunk = (chunk + 1) % chunks.length;
      probes += BURST;
      await writing;
      writing = replica.flush();
      if (ticked() * 1000 < TICK_MS) continue;
      ticked = started();
      void replica.tick().catch(() => {});
    }
    await writing;
    await replica.flush();
    rates.push(probes / half());
    total += probes;
  }
  return { rates, total };
}

async function measure(cleanups: Cleanups, devices: number, seconds: number): Promise<Figures> {
  const redis = await startRedis(cleanups, ['save ""', 'appendonly no']);
  const replica = await openReplica(redis.address, 'bench-a');
  cleanups.add(() => replica.close());
  // Twice: the first answer tells what the second can vouch for.
  await replica.tick();
  await replica.tick();
  const first = started();
  for (const chunk of bursts(devices, 600)) replica.hear(chunk);
  await replica.flush();
  const firstSeconds = first();
  await replica.tick();
  if (replica.count('alive') !== devices)
    throw new Error(`${replica.count('alive')} of ${devices} are alive`);
  const before = process.cpuUsage();
  const redisBefore = cpuSecondsOf(redis);
  const { rates, total } = await pour(replica, bursts(devices, 600), seconds);
  const { user, system } = process.cpuUsage(before);
  const redisSeconds = cpuSecondsOf(redis) - redisBefore;
  await replica.tick();
  const falseDeaths = devices - replica.count('alive');
  const deathsPerSecond = await letDie(replica, devices);
  return {
    devices,
    firstProbesPerSecond: Math.round(devices / firstSeconds),
    probesPerSecond: Math.round(median(rates)),
    replicaProbesPerCpuSecond: Math.round(total / ((user + system) / 1e6)),
    redisProbesPerCpuSecond: Math.round(total / redisSeconds),
    deathsPerSecond: Math.round(deathsPerSecond),
    falseDeaths,
  };
}

function cpuSecondsOf(redis: RedisServer): number {
  const fields = [...redis.cli('info', 'cpu').matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)];
  return fields.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}

/** Everybody promises 1 s, with a count of 1, and says no more. */
async function letDie(replica: BenchReplica, devices: number): Promise<number> {
  for (const chunk of bursts(devices, 1)) replica.hear(chunk);
  await replica.flush();
  // Attentive time moves with the ticks.
  for (const wait = started(); wait() < 2.5; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await replica.tick();
  }
  const dying = started();
  await replica.judge();
  const seconds = dying();
  await replica.tick();
  if (replica.count('dead') !== devices) throw new Error(`${replica.count('dead')} of ${devices} are dead`);
  return devices / seconds;
}

const { values } = parseArgs({
  options: {
    devices: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const devices = Number(values.devices ?? (values.quick ? 20_000 : 100_000));
const seconds = Number(values.seconds ?? (values.quick ? 3 : 10));
if (values.help === true) process.stdout.write(HELP);
else if (!(devices >= BURST && devices % BURST === 0 && seconds > 0)) {
  process.stderr.write(`bench:redis: --devices is a multiple of ${BURST}, --seconds above 0\n`);
  process.exitCode = 2;
} else {
  const cleanups = new Cleanups();
  try {
    const figures = await measure(cleanups, devices, seconds);
    process.stdout.write(
      `one replica, ${figures.devices} devices: ${figures.probesPerSecond} probes/s into Redis ` +
        `(${figures.replicaProbesPerCpuSecond} for each second of its processor, ` +
        `${figures.redisProbesPerCpuSecond} of Redis'), ${figures.firstProbesPerSecond} new devices/s, ` +
        `${figures.deathsPerSecond} deaths/s, ${figures.falseDeaths} false\n`,
    );
    if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  } finally {
    await cleanups.run();
  }
}
