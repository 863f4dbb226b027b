import type { Metric, Registry } from 'prom-client';

/** What Prometheus calls a metric, and by what its series are told apart. */
type About = { readonly name: string; readonly help: string; readonly labels: readonly string[] };

/** The cells of a metric by the values of its labels. */
const createCells = <Cell>({ labels }: About, make: () => Cell) => {
  const cells = new Map<string, Cell>();
  const names = new Map<Cell, Readonly<Record<string, string>>>();
  const cellOf = (...values: readonly string[]): Cell => {
    // No label holds this sign: each is a name, a code or a number.
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\u0000');
    const known = cells.get(key);
    if (known) return known;
    const cell = make();
    cells.set(key, cell);
    names.set(cell, Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ''])));
    return cell;
  };
  if (labels.length === 0) cellOf();
  return { cellOf, names };
};

type Value = {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

const register = (
  registry: Registry,
  { name, help }: About,
  type: 'counter' | 'histogram',
  values: () => readonly Value[],
): void => {
  // What a registry asks of a metric; its classes keep their values otherwise.
  const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: values() }) };
  registry.registerMetric(metric as unknown as Metric);
};

/** Counts by labels. An addition is all that is done at once; the rest waits until somebody reads. */
export const createCounter = (registry: Registry, about: About): ((...labels: readonly string[]) => void) => {
  const { cellOf, names } = createCells(about, () => ({ count: 0 }));
  register(registry, about, 'counter', () =>
    [...names].map(([{ count }, labels]) => ({ labels, value: count })),
  );
  return (...labels) => {
    cellOf(...labels).count += 1;
  };
};

/** Counts durations by labels, in buckets that end at these bounds. */
export const createHistogram = (
  registry: Registry,
  about: About,
  bounds: readonly number[],
): ((seconds: number, ...labels: readonly string[]) => void) => {
  const { cellOf, names } = createCells(about, () => ({ sum: 0, count: 0, counts: bounds.map(() => 0) }));
  const { name } = about;

  register(registry, about, 'histogram', () =>
    [...names].flatMap(([{ sum, count, counts }, labels]): Value[] => {
      let below = 0;
      const buckets = bounds.map((bound, at) => {
        below += counts[at] ?? 0;
        return { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    }),
  );

  return (seconds, ...labels) => {
    const cell = cellOf(...labels);
    cell.sum += seconds;
    cell.count += 1;
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] as number)) at += 1;
    if (at < bounds.length) cell.counts[at] = (cell.counts[at] ?? 0) + 1;
  };
};
