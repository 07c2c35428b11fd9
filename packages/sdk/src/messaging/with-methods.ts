/**
 * A client's object or message with some of its methods replaced. All else goes to the object itself,
 * its private members too; the object, which may be shared or kept, is not changed.
 */
export function withMethods<T extends object>(target: T, methods: object): T {
  return new Proxy(target, {
    get(object, property) {
      if (Object.hasOwn(methods, property)) return Reflect.get(methods, property);
      const value: unknown = Reflect.get(object, property, object);
      // Getters and methods of the client's classes expect the object itself as `this`.
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}
