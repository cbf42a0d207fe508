/** A reporter for node --test: after the run, one JSON line of how many tests passed and failed, and in which files. */
import { isAbsolute, relative } from 'node:path';

// biome-ignore lint/style/noDefaultExport: node --test-reporter takes the default export of a module.
export default async function* tally(events) {
  const counts = { passed: 0, failed: 0 };
  const failedFiles = new Set();
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    if (type === 'test:pass') counts.passed += 1;
    else {
      counts.failed += 1;
      // A file that ended without a word is a test of its own, named by its path.
      const file = data.file ?? data.name;
      failedFiles.add(isAbsolute(file) ? relative(process.cwd(), file) : file);
    }
  }
  yield `${JSON.stringify({ ...counts, failedFiles: [...failedFiles] })}\n`;
}
