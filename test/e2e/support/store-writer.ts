/** Commits numbered steps to the store in the folder given, and says each number once it is durable. */
import { writeSync } from 'node:fs';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import { alertOf, messageOf, networkOf, recordOf, transitionOf } from '../../unit/monitor/io/samples.ts';

const store = await openLmdbStore(process.argv[2] ?? '', () => process.exit(1));
for (let sequence = ([...store.devices()][0]?.sequence ?? 0) + 1; ; sequence += 1) {
  await store.commit({
    devices: [recordOf('d', { sequence })],
    transitions: [transitionOf('d', sequence)],
    alerts: [alertOf('d', sequence)],
    messages: [messageOf('webhook', 'd', sequence)],
    networks: [networkOf('n', [{ epoch: sequence }])],
  });
  writeSync(1, `${sequence}\n`);
}
