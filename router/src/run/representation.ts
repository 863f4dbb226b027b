import type { EntityBatch, Requirement } from '../plan/planner.ts';
import { copyOf } from './merge.ts';
import { applyRewrites } from './rewrite.ts';
import { type Data, isData } from './walk.ts';

/** Whether an object of one type is of another, which may be abstract. Of the whole supergraph, also what it hides. */
export type IsOfType = (concrete: string, type: string) => boolean;

type Taking = { readonly selected: Data; readonly entity: Data; readonly isOfType: IsOfType };

const take = (value: unknown, selections: readonly Requirement[] | null, isOfType: IsOfType): unknown => {
  if (selections === null || !isData(value)) return copyOf(value);
  if (Array.isArray(value)) return value.map((element) => take(element, selections, isOfType));
  const selected: Data = {};
  return takeAll({ selected, entity: value, isOfType }, selections) ? selected : null;
};

const takeField = (
  { selected, entity, isOfType }: Taking,
  { name, as, selections }: FieldRequirement,
): boolean => {
  if (!Object.hasOwn(entity, name) || entity[name] === undefined) return false;
  const taken = take(entity[name], selections, isOfType);
  const before = selected[as];
  // Two fragments may each need a part of the same object.
  selected[as] = isData(before) && isData(taken) ? Object.assign(before, taken) : taken;
  return true;
};

type FieldRequirement = Extract<Requirement, { kind: 'field' }>;

/** False when something that is needed is not there: then the subgraph cannot be asked for this one. */
const takeAll = (taking: Taking, selections: readonly Requirement[]): boolean =>
  selections.every((selection) => {
    if (selection.kind === 'field') return takeField(taking, selection);
    const type = taking.entity['__typename'];
    const isOther = typeof type === 'string' && !taking.isOfType(type, selection.type);
    return isOther || takeAll(taking, selection.selections);
  });

/** The usual key, a type name and scalars, read without any of the above. */
const plainRepresentation = ({ requires, inputRewrites }: EntityBatch, isOfType: IsOfType) => {
  const [only] = requires;
  if (requires.length !== 1 || only?.kind !== 'fragment' || inputRewrites.length > 0) return null;
  const fields = only.selections.filter(
    (one) => one.kind === 'field' && !one.selections,
  ) as FieldRequirement[];
  const isPlain =
    fields.length > 0 &&
    fields.length === only.selections.length &&
    fields.every(({ name, as }) => !(name in {} || as in {}));
  if (!isPlain) return null;
  return writeOut(only.type, fields, isOfType);
};

/** Written out, because a loop reads and writes properties by names that differ at one place in the code. */
const writeOut = (
  ofType: string,
  fields: readonly FieldRequirement[],
  isOfType: IsOfType,
): ((entity: Data) => Data | null) => {
  const text = `
    return (entity) => {
      const type = entity.__typename;
      if (type !== ofType && !isOfType(String(type), ofType)) return null;
      const { ${fields.map(({ name }, n) => `${name}: v${n}`).join(', ')} } = entity;
      if (${fields.map((_, n) => `v${n} === undefined`).join(' || ')}) return null;
      return { ${fields.map(({ as }, n) => `${as}: copyOf(v${n})`).join(', ')} };
    };`;
  return new Function('ofType', 'isOfType', 'copyOf', text)(ofType, isOfType, copyOf);
};

/** Makes what a subgraph is told of an entity; null when it is not to be asked for it. */
export const representationOf = (batch: EntityBatch, isOfType: IsOfType): ((entity: Data) => Data | null) =>
  plainRepresentation(batch, isOfType) ??
  ((entity) => {
    const selected: Data = {};
    if (!takeAll({ selected, entity, isOfType }, batch.requires)) return null;
    if (selected['__typename'] === undefined) return null;
    applyRewrites(selected, batch.inputRewrites);
    return selected;
  });

const byText = (representation: Data): string => JSON.stringify(representation);

/** Ids of the type that is asked for stand for themselves; others begin with a sign that makes them differ. */
const byId =
  (own: string) =>
  (representation: Data): string => {
    const { __typename: type, id } = representation;
    return type === own && typeof id === 'string' && !id.startsWith('{') ? id : byText(representation);
  };

/** What tells one representation from another, so that each entity is asked for once. */
export const identityOf = ({ requires, inputRewrites }: EntityBatch): ((representation: Data) => string) => {
  const [only, ...others] = requires;
  if (others.length > 0 || only?.kind !== 'fragment' || inputRewrites.length > 0) return byText;
  const isById = only.selections.every(
    (one) => one.kind === 'field' && (one.name === '__typename' || one.name === 'id'),
  );
  return isById ? byId(only.type) : byText;
};
