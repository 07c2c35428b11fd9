/** The message as if it had come without headers: the fault `lost-trace-header`. */
export function withoutHeaders<M extends object>(message: M): M {
  return new Proxy(message, {
    get(target, key) {
      if (key === 'headers') return undefined;
      const value: unknown = Reflect.get(target, key, target);
      // The client's methods look at fields that only the message itself has.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
