/** What is logged, and how it looks. */
import type { LogSettings } from '../settings.ts';
import type { SchemaOf } from './item.ts';

export interface LogConfig {
  level: LogSettings['level'];
  format: LogSettings['format'];
}

export const logSchema: SchemaOf<LogConfig> = {
  level: {
    doc: 'The least important level that is written; debug names the reason of every decision.',
    format: 'choice',
    choices: ['error', 'warn', 'info', 'debug'],
    default: 'info',
    env: 'KHD_LOG_LEVEL',
  },
  format: {
    doc: 'auto is readable on a terminal and JSON elsewhere.',
    format: 'choice',
    choices: ['auto', 'json', 'pretty'],
    default: 'auto',
    env: 'KHD_LOG_FORMAT',
  },
};
