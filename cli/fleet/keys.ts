/** `keepalivehd fleet keys create|list` */
import { thumbprint } from '../../runtime/jws.ts';
import { EXIT_OK } from '../exit-codes.ts';
import type { ReadOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { createKey, keyDirectory, listKeys } from './key-file.ts';

export async function keysCommand(options: ReadOptions, rest: readonly string[]): Promise<number> {
  const [action, name, ...more] = rest;
  const directory = options.texts.get('directory')?.[0] ?? keyDirectory(process.env);
  const json = options.flags.has('json');
  if (action === 'create' && name !== undefined && more.length === 0) return create(directory, name, json);
  if (action === 'list' && name === undefined) return list(directory, json);
  throw new UsageError('fleet keys needs: create NAME, or list');
}

async function create(directory: string, name: string, json: boolean): Promise<number> {
  const { path, key } = await createKey(directory, name);
  const kid = await thumbprint(key.x);
  if (json) {
    process.stdout.write(`${JSON.stringify({ name, public: key.x, kid, path })}\n`);
    return EXIT_OK;
  }
  process.stdout.write(`The private key is ${path}: keep a copy of it in a safe place, and show it to nobody.
Whoever has it can change every device that trusts it. The public key, for the devices:

  fleet: { trusted_keys: ["${key.x}"] }
`);
  return EXIT_OK;
}

async function list(directory: string, json: boolean): Promise<number> {
  const keys = await Promise.all(
    listKeys(directory).map(async ({ name, path, key }) => ({
      name,
      public: key.x,
      kid: await thumbprint(key.x),
      path,
    })),
  );
  if (json) process.stdout.write(`${JSON.stringify({ keys })}\n`);
  else if (keys.length === 0) process.stdout.write(`no key in ${directory}\n`);
  else {
    const width = Math.max(...keys.map(({ name }) => name.length));
    for (const key of keys) process.stdout.write(`${key.name.padEnd(width)}  ${key.public}  ${key.path}\n`);
  }
  return EXIT_OK;
}
