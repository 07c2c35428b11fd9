/**
 * The contract of packages/store/src/trace-store.ts, held against the store in this process and against a
 * running server: `npx vitest run --project system test/store-contract`.
 */
import { storeContract } from './support/store/contract.ts';
import { openEmbedded } from './support/store/embedded.ts';
import { openServed } from './support/store/served.ts';

storeContract('the embedded store', openEmbedded);
storeContract('the embedded store, through the running server', openServed);
