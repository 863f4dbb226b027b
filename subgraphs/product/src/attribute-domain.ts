export const attributeKinds = ['TEXT', 'INTEGER', 'NUMBER', 'BOOLEAN', 'CHOICE', 'CHOICES', 'DATE'] as const;
export type AttributeKind = (typeof attributeKinds)[number];

/** What one attribute of a type may hold. */
export type AttributeDefinition = {
  readonly code: string;
  readonly name: string;
  readonly kind: AttributeKind;
  readonly isRequired: boolean;
  readonly isFilterable: boolean;
  readonly choices: readonly string[];
  readonly min: number | null;
  readonly max: number | null;
};

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;
export type AttributeChange = { readonly code: string; readonly value: AttributeValue | null };
export type AttributeProblem = { readonly code: string; readonly message: string };

/** Longer texts belong in the description. */
export const maxTextLength = 1_000;

/** What is wrong with a value, or null. */
export const valueProblem = (definition: AttributeDefinition, value: AttributeValue): string | null => {
  switch (definition.kind) {
    case 'TEXT':
      return textProblem(value);
    case 'INTEGER':
      return Number.isSafeInteger(value) ? boundsProblem(definition, value) : 'must be a whole number';
    case 'NUMBER':
      return Number.isFinite(value) ? boundsProblem(definition, value) : 'must be a number';
    case 'BOOLEAN':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'CHOICE':
      return typeof value === 'string' && definition.choices.includes(value) ? null : mustBeOneOf(definition);
    case 'CHOICES':
      return choicesProblem(definition, value);
    case 'DATE':
      return isDay(value) ? null : 'must be a day such as 2026-05-01';
    default:
      return unknownKind(definition.kind);
  }
};

const unknownKind = (kind: never): never => {
  throw new Error(`Unknown attribute kind ${kind}`);
};

const textProblem = (value: AttributeValue): string | null => {
  if (typeof value !== 'string' || value === '') return 'must be a text';
  if (value.length > maxTextLength) return `must be at most ${maxTextLength} characters`;
  return isWritable(value) ? null : 'must not hold control characters';
};

const boundsProblem = ({ min, max }: AttributeDefinition, value: AttributeValue): string | null => {
  if (typeof value !== 'number') return 'must be a number';
  if (min !== null && value < min) return `must be at least ${min}`;
  if (max !== null && value > max) return `must be at most ${max}`;
  return null;
};

const choicesProblem = (definition: AttributeDefinition, value: AttributeValue): string | null => {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of choices';
  if (new Set(value).size !== value.length) return 'must not name a choice twice';
  return value.every((choice) => definition.choices.includes(choice)) ? null : mustBeOneOf(definition);
};

const mustBeOneOf = ({ choices }: AttributeDefinition): string => `must be of: ${choices.join(', ')}`;

const isDay = (value: AttributeValue): boolean => {
  const parts = typeof value === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) : null;
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
};

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

/** Postgres stores neither NUL nor half of a surrogate pair. */
export const isWritable = (text: string): boolean => !/\p{Surrogate}/u.test(text) && !text.includes('\0');

/** The attributes after the changes, or everything that is wrong with them. */
export const changeAttributes = (
  definitions: readonly AttributeDefinition[],
  attributes: Attributes,
  changes: readonly AttributeChange[],
): { readonly attributes: Attributes } | { readonly problems: readonly AttributeProblem[] } => {
  const problems: AttributeProblem[] = [];
  const changed = new Map(Object.entries(attributes));
  const seen = new Set<string>();
  for (const { code, value } of changes) {
    const definition = definitions.find((candidate) => candidate.code === code);
    const message = seen.has(code) ? 'is given twice' : changeProblem(definition, value);
    seen.add(code);
    if (message !== null) problems.push({ code, message });
    else if (value === null) changed.delete(code);
    else changed.set(code, value);
  }
  return problems.length > 0 ? { problems } : { attributes: Object.fromEntries(changed) };
};

const changeProblem = (definition: AttributeDefinition | undefined, value: AttributeValue | null) => {
  if (!definition) return 'is no attribute of this type';
  return value === null ? null : valueProblem(definition, value);
};

/** The codes of required attributes that are not there. */
export const missingAttributes = (
  definitions: readonly AttributeDefinition[],
  attributes: Attributes,
): string[] =>
  definitions
    .filter(({ code, isRequired }) => isRequired && !Object.hasOwn(attributes, code))
    .map(({ code }) => code);
