/** Remembers the values that were read or written last. */
export type Recent<T> = {
  readonly read: (key: string) => T | undefined;
  readonly write: (key: string, value: T) => void;
};

/** At most so many, and so many characters of their keys together. */
export const createRecent = <T>(size: number, maxLength = Number.POSITIVE_INFINITY): Recent<T> => {
  // A map keeps the order of insertion, so what is taken out and put in again is the last to be forgotten.
  const values = new Map<string, T>();
  let length = 0;

  const forget = (key: string): void => {
    if (values.delete(key)) length -= key.length;
  };

  return {
    read: (key) => {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    write: (key, value) => {
      forget(key);
      for (const oldest of values.keys()) {
        if (values.size < size && length + key.length <= maxLength) break;
        forget(oldest);
      }
      values.set(key, value);
      length += key.length;
    },
  };
};
