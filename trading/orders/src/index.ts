export {
  type LoadOptions,
  type LoadProgress,
  type LoadResult,
  runLoad,
} from './load/load.ts';
export type { LoadedOrder } from './load/load-book.ts';
export { type Orders, type OrdersOptions, type OrdersStats, startOrders } from './orders.ts';
