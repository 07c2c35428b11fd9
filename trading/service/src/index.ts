export { exitWithError } from './exit.ts';
export { type Fault, parseFault } from './faults/fault.ts';
export type { MessageFaults } from './faults/message-faults.ts';
export { noFaults } from './faults/message-faults.ts';
export { PROCESS_FLAGS, PROCESS_USAGE, SERVICE_FLAGS, SERVICE_USAGE } from './flags.ts';
export type { Sample, ServiceMetrics } from './health/service-metrics.ts';
export { runService, type ServiceDefinition } from './run-service.ts';
export { type Service, type ServiceOptions, startService } from './service.ts';
export { untraced } from './untraced.ts';
