/** The same service, with its tracing started by a call before the service is imported. */
import { startTracing } from '@throughline/sdk';

startTracing({ instrumentations: true });
await import('./instrumented-service.ts');
