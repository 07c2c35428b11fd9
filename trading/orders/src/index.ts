export {
  type LoadedOrder,
  type LoadOptions,
  type LoadProgress,
  type LoadResult,
  runLoad,
} from './load/load.ts';
export { type Orders, type OrdersOptions, type OrdersStats, startOrders } from './orders.ts';
