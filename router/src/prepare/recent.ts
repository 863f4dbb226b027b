/** Remembers the values that were read or written last. */
export type Recent<T> = {
  readonly read: (key: string) => T | undefined;
  readonly write: (key: string, value: T) => void;
};

export const createRecent = <T>(size: number): Recent<T> => {
  // A map keeps the order of insertion, so what is taken out and put in again is the last to be forgotten.
  const values = new Map<string, T>();
  return {
    read: (key) => {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    write: (key, value) => {
      const oldest = values.size >= size ? values.keys().next().value : undefined;
      if (oldest !== undefined) values.delete(oldest);
      values.set(key, value);
    },
  };
};
