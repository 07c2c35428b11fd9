export { exitWithError } from './exit.ts';
export { type Fault, parseFault } from './faults/fault.ts';
export type { MessageFaults } from './faults/message-faults.ts';
export { noFaults } from './faults/message-faults.ts';
export { SERVICE_FLAGS, SERVICE_USAGE } from './flags.ts';
export type { ServiceMetrics } from './health/service-metrics.ts';
export { type Service, type ServiceOptions, startService } from './service.ts';
