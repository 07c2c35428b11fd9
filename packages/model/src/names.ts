// The second door, `@throughline/model/names`: names and errors for code that runs inside other
// people's services. It loads no schema, and so not the library behind them.
export { type ErrorCode, ThroughlineError } from './errors.ts';
export {
  ATTR,
  BAGGAGE_KEYS,
  CONTEXT_RECEIVED,
  LINK_TYPE,
  type LinkType,
  MESSAGING_SYSTEM,
} from './semconv.ts';
