/** `npm run docs:settings`: writes docs/settings.md, and the settings in README.md where it marks their place. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { renewReadme, settingsPage } from './settings-table.ts';

const root = new URL('..', import.meta.url);

writeFileSync(new URL('docs/settings.md', root), settingsPage());
const readme = new URL('README.md', root);
if (existsSync(readme)) writeFileSync(readme, renewReadme(readFileSync(readme, 'utf8')));
