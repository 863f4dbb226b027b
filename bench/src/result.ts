/** One figure a bench is judged by: a ratio of two things measured in the same run. */
export type Ratio = {
  name: string;
  value: number;
  /** Null where nothing is asked of it. */
  bound: number | null;
  /** Whether the value must be at least the bound; at most, when false. */
  atLeast: boolean;
};

/** What a bench found. */
export type BenchResult = {
  name: string;
  /** What people read: a row for each way measured. */
  rows: readonly Record<string, string | number>[];
  ratios: readonly Ratio[];
  /** Query plans and the like, printed below the table. */
  notes?: readonly string[];
};

/** Whether a ratio keeps its bound. */
export const holds = ({ value, bound, atLeast }: Ratio): boolean =>
  bound === null || (atLeast ? value >= bound : value <= bound);

/** The value below which the given share of the samples lies: 0.5 for the median, 0.99 for p99. */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** The middle of the samples. */
export const median = (samples: readonly number[]): number => percentile(samples, 0.5);
