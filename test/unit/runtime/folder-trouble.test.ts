import assert from 'node:assert/strict';
import { it } from 'node:test';
import { folderTrouble, troubleText } from '../../../runtime/folder-trouble.ts';

const coded = (code: string): Error => Object.assign(new Error(`${code}: said the kernel`), { code });

it('says of a full disk which file system it is, also below what is not there yet', () => {
  for (const folder of ['/proc', '/proc/absent/below']) {
    const trouble = folderTrouble(coded('ENOSPC'), folder, 'state_directory');
    assert.equal(trouble?.problem, 'the disk is full');
    assert.match(trouble.fix, /mounted at \/proc .*, or move .* \(state_directory\)$/);
  }
  assert.match(folderTrouble(coded('ENOSPC'), '/', 'k')?.fix ?? '', /mounted at \/ /);
});

it('gives each trouble its own way out', () => {
  const fixes = ['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EIO'].map(
    (code) => folderTrouble(coded(code), '/proc', 'data_directory')?.fix ?? '',
  );
  assert.equal(new Set(fixes).size, fixes.length);
  assert.ok(fixes.every((fix) => fix.endsWith('(data_directory)')));
});

it('knows the words of strerror(3), which LMDB passes on', () => {
  for (const text of ['No space left on device', 'No space left on device: 0 bytes are free'])
    assert.equal(folderTrouble(new Error(text), '/proc', 'k')?.problem, 'the disk is full');
});

it('leaves what it does not know as it was said', () => {
  assert.equal(folderTrouble(new Error('odd'), '/proc', 'k'), null);
  assert.equal(troubleText(new Error('odd'), '/proc', 'k'), 'odd');
});
