#!/usr/bin/env node
/**
 * Starts the program of a device, `program.cjs` beside it, with the byte code that its installation made of it: on a
 * small processor compiling is much of a start. Without that file, or with one that does not fit, the program is
 * compiled as any other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { madeBy, open } from './format.ts';
import { recordByteCode } from './record.ts';

/** For whoever installs; needs to be run with the options of Node that the service has. */
const RECORD = '--write-byte-code';

const filename = join(__dirname, 'program.cjs');
const cacheFile = join(__dirname, 'program.bytecode');
const program = readFileSync(filename, 'utf8');
const maker = madeBy(process.versions, process.arch, process.execArgv);

function readCache(): Uint8Array | null {
  try {
    return open(maker, program, readFileSync(cacheFile));
  } catch {
    // None was made, or it cannot be read: the start takes longer, and nothing else is lost.
    return null;
  }
}

const isRecording = process.argv[2] === RECORD;
const cachedData = isRecording ? null : readCache();
const script = new Script(program, { filename, ...(cachedData === null ? {} : { cachedData }) });
if (isRecording) recordByteCode(cacheFile, maker, program, () => script.createCachedData());
// The build wraps the program into the function that Node makes of a module.
script.runInThisContext()(exports, require, module, filename, __dirname);
