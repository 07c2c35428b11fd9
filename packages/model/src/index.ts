export {
  type CoverageQuery,
  type CoverageResponse,
  coverageQuerySchema,
  coverageResponseSchema,
  formatCoverage,
  type Hop,
} from './api/coverage.ts';
export { type ErrorResponse, errorResponseSchema } from './api/error.ts';
export { type Finding, findingsOf, isReady } from './api/health.ts';
export {
  type LifecyclesQuery,
  type LifecyclesResponse,
  lifecyclesQuerySchema,
  lifecyclesResponseSchema,
} from './api/lifecycles.ts';
export { protocolName, RECEIVERS, type ReceiverSums, receiverSums } from './api/receivers.ts';
export { AGED_TABLES, type AgedTable, type Pruning, pruningSchema } from './api/retention.ts';
export { type StatusResponse, statusResponseSchema } from './api/status.ts';
export {
  type TraceResponse,
  traceQuerySchema,
  traceResponseSchema,
} from './api/traces.ts';
export {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  isDecimal,
  parseDecimal,
  subtractDecimals,
} from './decimal.ts';
export { ERROR_STATUS, type ErrorCode, ThroughlineError } from './errors.ts';
export {
  parseSpanRef,
  type SpanRef,
  spanIdSchema,
  spanRef,
  spanRefSchema,
  traceIdSchema,
} from './ids.ts';
export {
  type Allocation,
  type Edge,
  isBeginName,
  isKeyedByTrace,
  type Lifecycle,
  type LifecycleDefinition,
  type LifecycleFlag,
  type LifecycleRow,
  type LifecycleSpan,
  lifecycleRowSchema,
  lifecycleSchema,
  matchesName,
  prefixOf,
  type Quantities,
  type Relevance,
  SEGMENT_KINDS,
  type Segment,
  type SegmentKind,
  type Sibling,
  SPAN_STATUS,
  type Stage,
  type Warning,
} from './lifecycle.ts';
export {
  ATTR,
  BAGGAGE_KEYS,
  CONTEXT_RECEIVED,
  LINK_TYPE,
  type LinkType,
  MESSAGING_SYSTEM,
  OPTION_SPAN,
  ORDER_SPAN,
  SIGNALS_SPAN,
  WORKFLOW_SPAN,
} from './semconv.ts';
export { formatBytes } from './size.ts';
export { type ClockSkew, formatSkew } from './skew.ts';
export {
  type Attributes,
  type AttributeValue,
  plainValue,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
  type SpanStatusCode,
  spanSchema,
} from './span.ts';
export {
  formatAge,
  formatDuration,
  formatTime,
  NS_PER_MS,
  NS_PER_S,
  nanosecondsSchema,
  nowNs,
  parseTime,
} from './time.ts';
