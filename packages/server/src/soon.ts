/** A value, or the promise of one: what is there at once is not waited for, which costs more than most fields do. */
export type Soon<T> = T | Promise<T>;

/** What somebody else gives: the promises of libraries are of many kinds, and all become one. */
export const soonOf = (value: unknown): Soon<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
    ? Promise.resolve(value)
    : value;

/** Goes on with a value as soon as it is there. */
export const after = <T, U>(value: Soon<T>, next: (settled: T) => Soon<U>): Soon<U> =>
  value instanceof Promise ? value.then(next) : next(value);
