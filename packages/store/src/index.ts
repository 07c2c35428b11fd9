export { openStore, type Store, type StoreOptions, type StoreStatus } from './store.ts';
export type {
  BeginPage,
  BeginRow,
  BeginSpan,
  InboundLinkRow,
  LinkPage,
  ListOptions,
  SpanPage,
  TraceStore,
} from './trace-store.ts';
