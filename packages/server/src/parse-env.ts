import type { z } from 'zod';

/** Settings that cannot be used, with every problem in a sentence. Its stack is its message: there is no bug to look for. */
export class InvalidEnvironment extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The environment cannot be used:', ...problems.map((problem) => `- ${problem}`)].join('\n'));
    this.name = 'InvalidEnvironment';
    this.problems = problems;
    this.stack = this.message;
  }
}

/**
 * Parses the environment, or throws InvalidEnvironment with all problems at once.
 * A variable set to nothing counts as missing, as `NAME=` in an env file means it.
 */
export const parseEnv = <S extends z.ZodType>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> => {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new InvalidEnvironment(
    result.error.issues.map(({ path, message }) => {
      const name = path.map(String).join('.');
      if (name === '') return `${message}.`;
      return name in given ? `${name} is wrong: ${message}.` : `${name} is missing.`;
    }),
  );
};
