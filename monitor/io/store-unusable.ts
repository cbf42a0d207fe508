/** What keeps the monitor's store from its folder, as an error. */
import { CodedError } from '../../runtime/coded-error.ts';
import { troubleText } from '../../runtime/folder-trouble.ts';

/** `STORE_UNUSABLE`: nothing is lost by it, and a later try may find the disk well. */
export function storeUnusable(folder: string, cause: unknown, verb: 'used' | 'written' = 'used'): CodedError {
  const said = troubleText(cause, folder, 'data_directory');
  return new CodedError('STORE_UNUSABLE', `data_directory ${folder} cannot be ${verb}: ${said}`, { cause });
}
