import type { AttributeDefinition } from './attribute-domain.ts';

/** A kind of product and the attributes its products carry. */
export type ProductType = {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly attributes: readonly AttributeDefinition[];
};

/** What products hold for one attribute: the numbers' bounds and every choice there is. */
export type AttributeUse = {
  readonly code: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly choices: readonly string[];
};

export type Problem = { readonly path: readonly string[]; readonly message: string };

/** What is wrong with definitions, whatever products hold. */
export const definitionProblems = (definitions: readonly AttributeDefinition[]): Problem[] =>
  definitions.flatMap((definition, index) => {
    const isRepeated = definitions.findIndex(({ code }) => code === definition.code) < index;
    const messages = [
      isRepeated ? { field: 'code', message: `${definition.code} is given twice` } : null,
      choicesProblem(definition),
      boundsProblem(definition),
    ];
    return messages.flatMap((problem) => (problem ? [at(index, problem.field, problem.message)] : []));
  });

const at = (index: number, field: string, message: string): Problem => ({
  path: ['attributes', String(index), field],
  message,
});

const choicesProblem = ({ kind, choices }: AttributeDefinition) => {
  const isChosen = kind === 'CHOICE' || kind === 'CHOICES';
  if (isChosen && choices.length === 0) return { field: 'choices', message: `${kind} needs choices` };
  if (!isChosen && choices.length > 0) return { field: 'choices', message: `${kind} takes no choices` };
  if (new Set(choices).size !== choices.length)
    return { field: 'choices', message: 'a choice is given twice' };
  return null;
};

const boundsProblem = ({ kind, min, max }: AttributeDefinition) => {
  const isNumeric = kind === 'INTEGER' || kind === 'NUMBER';
  if (!isNumeric && (min !== null || max !== null))
    return { field: 'min', message: `${kind} takes no bounds` };
  if (min !== null && max !== null && min > max) return { field: 'min', message: 'must not be above max' };
  return null;
};

/** A change of a type never makes wrong what products hold: the rules it would break. */
export const changeProblems = (
  before: ProductType,
  after: readonly AttributeDefinition[],
  uses: readonly AttributeUse[],
): Problem[] =>
  uses.flatMap((use) => {
    const known = before.attributes.find(({ code }) => code === use.code);
    const index = after.findIndex(({ code }) => code === use.code);
    const next = after[index];
    if (!next) return [{ path: ['attributes'], message: `products use ${use.code}: it cannot be taken out` }];
    if (known && known.kind !== next.kind) {
      return [at(index, 'kind', `products use ${use.code}: it stays ${known.kind}`)];
    }
    return narrowingProblems(index, next, use);
  });

const narrowingProblems = (index: number, next: AttributeDefinition, use: AttributeUse): Problem[] => {
  const problems: Problem[] = [];
  const lost = use.choices.filter((choice) => !next.choices.includes(choice));
  if (lost.length > 0) problems.push(at(index, 'choices', `products use ${lost.slice(0, 10).join(', ')}`));
  if (next.min !== null && use.min !== null && use.min < next.min) {
    problems.push(at(index, 'min', `a product has ${use.min}`));
  }
  if (next.max !== null && use.max !== null && use.max > next.max) {
    problems.push(at(index, 'max', `a product has ${use.max}`));
  }
  return problems;
};

/** Whether the shelves that products of the type stand on change with its definitions. */
export const filtersDiffer = (
  before: readonly AttributeDefinition[],
  after: readonly AttributeDefinition[],
): boolean => {
  const filterable = (definitions: readonly AttributeDefinition[]) =>
    definitions
      .filter(({ isFilterable }) => isFilterable)
      .map(({ code }) => code)
      .sort()
      .join(' ');
  return filterable(before) !== filterable(after);
};
