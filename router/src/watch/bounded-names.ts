/** What stands for names that came when there were enough already. */
const others = 'other';

/** Names that become labels: each one is a series that is kept, so that callers must not make up as many as they like. */
export type BoundedNames = {
  /** The name itself as long as there is room for it. */
  readonly of: (name: string) => string;
  /** Has its place whatever callers have sent before. */
  readonly know: (name: string) => void;
};

/** Takes the first `size` names that come, beside the known ones. */
export const createBoundedNames = (size: number): BoundedNames => {
  const known = new Set<string>();
  const met = new Set<string>();
  return {
    of: (name) => {
      if (known.has(name) || met.has(name)) return name;
      if (met.size >= size) return others;
      met.add(name);
      return name;
    },
    know: (name) => known.add(name),
  };
};
