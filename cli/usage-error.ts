/** The command line was not understood. */
import { CodedError } from '../runtime/coded-error.ts';

export class UsageError extends CodedError {
  constructor(message: string) {
    super('USAGE', message);
    this.name = 'UsageError';
  }
}
