import { MemoryStore } from '../../../../../monitor/io/stores/memory.ts';
import { storeContract } from './contract.ts';

storeContract('MemoryStore', (test) => test({ store: new MemoryStore(), reopen: null }));
