/** The demo: tells the story once, or tells it and keeps running until it is interrupted. */
import { CAST } from './cast.ts';
import type { Child } from './child.ts';
import { parseOptions, USAGE } from './options.ts';
import { type Paint, paintFor } from './paint.ts';
import { createScreen } from './screen.ts';
import { Stage } from './stage.ts';
import { type Plot, STEPS, type Step } from './story.ts';
import { World } from './world.ts';

interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** Of each part, when a step was not seen. */
const LAST_LINES = 5;
/** Of a part that ended by itself. */
const LAST_WORDS = 25;
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.kind === 'misused') {
    process.stderr.write(`${options.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.kind === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  return perform(options.once);
}

async function perform(once: boolean): Promise<number> {
  const paint = paintFor(process.stdout.isTTY === true, process.env);
  const interrupted = onSignal(() => stage?.end());
  // Whoever reads our output may go away first, as `head` does.
  process.stdout.on('error', () => process.exit(1));
  let stage: Stage | null = null;
  const world = await World.create(CAST, {
    delivered: ({ event, device, summary }) => {
      if (event === 'opened') stage?.say(paint('red', `webhook: alert opened: ${summary}`));
      else stage?.say(paint('green', `webhook: alert resolved for ${device}`));
    },
    died: (child, how) => stage?.fail(new PartDied(child, how)),
  });
  const screen = createScreen(process.stdout, process.env.TERM === 'dumb');
  // The last resort of an error that nobody caught.
  process.once('exit', () => {
    world.abandon();
    screen.close();
  });
  stage = new Stage(world, screen, paint);
  if (interrupted() !== null) stage.end();
  const watching = stage.watch();
  const results = await tell(stage, paint);
  const ok = results.every((result) => result.ok);
  if (ok && !once) await liveOn(stage, paint);
  const seenAll = ok && !stage.isBroken;
  stage.end();
  await watching;
  screen.close();
  await world.close();
  if (once) process.stdout.write(`${JSON.stringify({ ok, steps: results })}\n`);
  return interrupted() ?? (seenAll ? 0 : 1);
}

async function liveOn(stage: Stage, paint: Paint): Promise<void> {
  stage.heading('that was the story; the devices live on until Ctrl-C');
  try {
    await stage.until(() => 'Ctrl-C', Number.POSITIVE_INFINITY);
  } catch (error) {
    if (stage.isBroken) stage.say(paint('red', (error as Error).message));
  }
}

/** Plays the steps until one fails; those after it were not seen either. */
async function tell(stage: Stage, paint: Paint): Promise<readonly StepResult[]> {
  const plot: Plot = { victim: '', killedMs: 0 };
  const results: StepResult[] = [];
  for (const [index, step] of STEPS.entries()) {
    const wasOk = results.every((result) => result.ok);
    results.push(
      wasOk
        ? await tellStep(stage, step, plot, index + 1, paint)
        : { name: step.name, ok: false, seconds: 0 },
    );
  }
  return results;
}

async function tellStep(
  stage: Stage,
  step: Step,
  plot: Plot,
  count: number,
  paint: Paint,
): Promise<StepResult> {
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  stage.heading(`${count}/${STEPS.length} ${step.title}`);
  try {
    const seen = await step.play(stage, plot);
    stage.say(paint('green', `seen: ${seen}`));
    stage.snapshot();
    return { name: step.name, ok: true, seconds: seconds() };
  } catch (error) {
    if (!stage.isOver) {
      stage.say(paint('red', `not seen: ${(error as Error).message}`));
      stage.snapshot();
      for (const line of stage.isBroken ? [] : stage.world.lastLines(LAST_LINES))
        stage.say(paint('dim', line));
    }
    return { name: step.name, ok: false, seconds: seconds() };
  }
}

/** A part ended by itself: its last words say why. */
class PartDied extends Error {
  constructor(child: Child, how: string) {
    super(`${child.name} ended by itself: ${how}\n${child.lastLines(LAST_WORDS).join('\n')}`);
  }
}

/** The exit code that a signal asks for, once one has come. A second signal does not wait for good manners. */
function onSignal(stop: () => void): () => number | null {
  let code: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (code !== null) process.exit(code);
      code = SIGNAL_EXIT_CODES[signal];
      stop();
    });
  }
  return () => code;
}

process.exitCode = await main();
