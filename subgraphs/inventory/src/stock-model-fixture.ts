import fc from 'fast-check';

/** Stock as a model in memory: one warehouse, a few variants, and what must come out of each command. */

export type Line = { readonly variant: number; readonly quantity: number };
export type Step =
  | { readonly kind: 'reserve'; readonly lines: readonly Line[] }
  | { readonly kind: 'confirm' | 'release' | 'ship' | 'extend' | 'age'; readonly reservation: number }
  | { readonly kind: 'adjust'; readonly variant: number; readonly delta: number }
  | { readonly kind: 'sweep' };
export type Command = Step | { readonly kind: 'repeat'; readonly command: number };

export const variantCount = 3;

const variant = fc.nat({ max: variantCount - 1 });
const line = fc.record({ variant, quantity: fc.integer({ min: 1, max: 6 }) });

export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('confirm', 'release', 'ship', 'extend', 'age'),
      reservation: fc.nat({ max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      variant,
      delta: fc.integer({ min: -8, max: 8 }).filter((delta) => delta !== 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('repeat' as const), command: fc.nat({ max: 40 }) }),
  },
);

type Status = 'HELD' | 'AGED' | 'EXPIRED' | 'CONFIRMED' | 'RELEASED' | 'SHIPPED';
type Held = { status: Status; readonly lines: readonly Line[] };
type Change = 'confirm' | 'release' | 'ship' | 'extend' | 'age';

/** Pieces on hand and taken of each variant, each with a bound it may be sold beyond. */
const createPieces = (pieces: number, limits: readonly number[]) => {
  const onHand = limits.map(() => pieces);
  const taken = limits.map(() => 0);
  const free = (at: number) => (onHand[at] ?? 0) - (taken[at] ?? 0);
  const wanted = (lines: readonly Line[], at: number) =>
    lines.reduce((sum, each) => sum + (each.variant === at ? each.quantity : 0), 0);
  return {
    onHand,
    taken,
    free,
    take: (lines: readonly Line[], sign: 1 | -1) => {
      for (const each of lines) taken[each.variant] = (taken[each.variant] ?? 0) + sign * each.quantity;
    },
    move: (at: number, delta: number) => {
      onHand[at] = (onHand[at] ?? 0) + delta;
    },
    fits: (lines: readonly Line[]) =>
      lines.every(({ variant: at }) => wanted(lines, at) <= free(at) + (limits[at] ?? 0)),
    areThere: (lines: readonly Line[]) =>
      lines.every(({ variant: at }) => wanted(lines, at) <= (onHand[at] ?? 0)),
  };
};
type Pieces = ReturnType<typeof createPieces>;

const refused = 'ReservationStateRefused';

const createChanges = ({
  take,
  move,
  fits,
  areThere,
}: Pieces): Readonly<Record<Change, (held: Held) => string>> => ({
  age: (held) => {
    if (held.status === 'HELD') held.status = 'AGED';
    return 'aged';
  },
  confirm: (held) => {
    if (held.status === 'RELEASED') return refused;
    if (held.status === 'EXPIRED' && !fits(held.lines)) return 'OutOfStock';
    if (held.status === 'EXPIRED') take(held.lines, 1);
    if (held.status !== 'SHIPPED') held.status = 'CONFIRMED';
    return 'ReservationConfirmed';
  },
  release: (held) => {
    if (held.status === 'SHIPPED') return refused;
    if (held.status !== 'EXPIRED' && held.status !== 'RELEASED') take(held.lines, -1);
    held.status = 'RELEASED';
    return 'ReservationReleased';
  },
  extend: ({ status }) => (status === 'HELD' ? 'ReservationExtended' : refused),
  ship: (held) => {
    if (held.status === 'SHIPPED') return 'ReservationShipped';
    if (held.status !== 'CONFIRMED') return refused;
    if (!areThere(held.lines)) return 'StockCommitted';
    for (const each of held.lines) move(each.variant, -each.quantity);
    take(held.lines, -1);
    held.status = 'SHIPPED';
    return 'ReservationShipped';
  },
});

/** A shop with so many pieces of each variant. */
export const createModel = (count: number, limits: readonly number[]) => {
  const pieces = createPieces(count, limits);
  const changes = createChanges(pieces);
  const reservations: Held[] = [];

  const reserve = (lines: readonly Line[]): string => {
    if (!pieces.fits(lines)) return 'OutOfStock';
    pieces.take(lines, 1);
    reservations.push({ status: 'HELD', lines });
    return 'StockReserved';
  };
  const adjust = (at: number, delta: number): string => {
    if (delta < 0 && -delta > Math.max(0, pieces.free(at))) return 'StockCommitted';
    pieces.move(at, delta);
    return 'StockAdjusted';
  };
  const sweep = (): string => {
    for (const held of reservations.filter(({ status }) => status === 'AGED')) {
      held.status = 'EXPIRED';
      pieces.take(held.lines, -1);
    }
    return 'swept';
  };
  return {
    onHand: pieces.onHand,
    taken: pieces.taken,
    /** Makes the step, and says how it must end. */
    after: (step: Step): string => {
      if (step.kind === 'reserve') return reserve(step.lines);
      if (step.kind === 'adjust') return adjust(step.variant, step.delta);
      if (step.kind === 'sweep') return sweep();
      const held = reservations[step.reservation];
      if (held) return changes[step.kind](held);
      return step.kind === 'age' ? 'aged' : 'ReservationNotFound';
    },
  };
};
