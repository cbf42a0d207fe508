/** Whether a program is there to be run. It is not run: nobody knows what it would do. */
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type CheckFinding, failed, fine } from '../../../runtime/check-finding.ts';

/** `searchPath` as in the environment variable PATH; a name with a slash is not searched for. */
export async function checkProgram(key: string, program: string, searchPath: string): Promise<CheckFinding> {
  const places = program.includes('/')
    ? [program]
    : searchPath.split(delimiter).map((folder) => join(folder, program));
  for (const place of places) {
    if (await isExecutable(place)) return fine(key, `${place} can be run`);
  }
  const where = program.includes('/') ? 'is no program that this user may run' : 'is nowhere in PATH';
  return failed(key, `${program} ${where}`, 'correct its path, or give the right to execute it');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
