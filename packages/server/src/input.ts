import type { z } from 'zod';

/** A rule that an input breaks, with the place it was found at. */
export type InputProblem = { readonly path: readonly string[]; readonly message: string };

/** The outcome of a mutation whose input breaks a rule; see schema/shared.graphql. */
export type InvalidInput = {
  readonly __typename: 'InvalidInput';
  readonly message: string;
  readonly problems: readonly InputProblem[];
};

/** More would help nobody: a stock take of 10,000 lines can have as many. */
const maxProblems = 100;

const sentence = ({ path, message }: InputProblem): string => {
  const text = path.length === 0 ? message : `${path.join('.')}: ${message}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
};

/** Builds the outcome from the problems found. */
export const invalidInput = (problems: readonly InputProblem[]): InvalidInput => {
  const shown = problems.slice(0, maxProblems);
  const left = problems.length - shown.length;
  const more = left > 0 ? ` And ${left} more.` : '';
  return { __typename: 'InvalidInput', message: shown.map(sentence).join(' ') + more, problems: shown };
};

/** Parses a mutation's input by its zod schema: all problems at once, or the parsed input. */
export const parseInput = <S extends z.ZodType>(
  schema: S,
  input: unknown,
): { readonly input: z.output<S> } | { readonly invalid: InvalidInput } => {
  const result = schema.safeParse(input);
  if (result.success) return { input: result.data };
  const problems = result.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  return { invalid: invalidInput(problems) };
};
