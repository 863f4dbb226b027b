/** Why a value is null that was not null in the data, or must not be null. */
export type Flaw = { readonly path: readonly (string | number)[] } & (
  | { readonly kind: 'missing'; readonly field: string }
  | { readonly kind: 'wrong'; readonly field: string }
  | { readonly kind: 'denied'; readonly guard: number }
);

/** One writing of an answer. */
export type Writing = { readonly indices: number[]; readonly flaws: Flaw[] };

/** Writes a value; null where it is null and may not be, so that what holds it becomes null. */
export type Writer = (value: unknown, writing: Writing) => string | null;
