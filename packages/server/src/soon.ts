/** A value, or the promise of one: what is there at once is not waited for, which costs more than most fields do. */
export type Soon<T> = T | Promise<T>;

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** Goes on with a value as soon as it is there. */
export const after = <T, U>(value: Soon<T>, next: (settled: T) => Soon<U>): Soon<U> =>
  isPromise(value) ? value.then(next as (settled: unknown) => Soon<U>) : next(value);
