import { after } from '@storegraph/server';
import { tagsOfEntity, tagsOfMixed } from '../cache/tags.ts';
import type { EntityBatch, Path, PlanNode } from '../plan/planner.ts';
import { failureMessage } from '../reach/failure.ts';
import { createSubquery } from '../reach/subquery.ts';
import type { SubgraphAnswer, SubgraphError, Subquery } from '../reach/transport.ts';
import { copyOf, mergeInto } from './merge.ts';
import { type IsOfType, identityOf, representationOf } from './representation.ts';
import { applyRewrites } from './rewrite.ts';
import { noteError, noteExtensions, noteTags, pathOf, pick, type Run } from './run.ts';
import type { Compiling, Step } from './steps.ts';
import { type Data, isData, type Place, placesOf, visit } from './walk.ts';

/** The entities of one batch in one run. */
type Gathered = {
  readonly representations: Data[];
  /** For each object found, in order, which representation stands for it; -1 where none does. */
  readonly indices: number[];
  readonly entities: Data[];
};

type CompiledBatch = EntityBatch & {
  readonly represent: (entity: Data) => Data | null;
  readonly identify: (representation: Data) => string;
};

const gather = (run: Run, { paths, represent, identify }: CompiledBatch): Gathered => {
  const gathered: Gathered = { representations: [], indices: [], entities: [] };
  const known = new Map<string, number>();
  const { representations, indices, entities } = gathered;
  for (const path of paths) {
    visit(run.data, path, (entity) => {
      entities.push(entity);
      const representation = represent(entity);
      indices.push(representation === null ? -1 : indexOf(known, identify(representation)));
      if (representation && known.size > representations.length) representations.push(representation);
    });
  }
  return gathered;
};

/** The number of what is known by a name, or the next one. */
const indexOf = (known: Map<string, number>, identity: string): number => {
  const before = known.get(identity);
  if (before !== undefined) return before;
  known.set(identity, known.size);
  return known.size - 1;
};

const isNested = (entity: Data): boolean => {
  for (const key in entity) if (isData(entity[key])) return true;
  return false;
};

/** A subgraph that has an interface as an object knows no other type than that; what is known of it already stays. */
const keepType = (entity: Data, answer: Data, isOfType: IsOfType): void => {
  const [known, added] = [entity['__typename'], answer['__typename']];
  if (added === undefined || added === known || known === undefined) return;
  if (isOfType(String(known), String(added))) answer['__typename'] = known;
};

/** Adds each answered entity to all the objects that stand for it. */
const spread = (
  { representations, indices, entities }: Gathered,
  answered: readonly unknown[],
  isOfType: IsOfType,
): void => {
  const used = representations.length < entities.length ? new Set<number>() : null;
  for (let place = 0; place < entities.length; place += 1) {
    const index = indices[place] ?? -1;
    const answer = answered[index];
    const entity = entities[place];
    if (!isData(answer) || !entity) continue;
    keepType(entity, answer, isOfType);
    mergeInto(entity, used?.has(index) && isNested(answer) ? (copyOf(answer) as Data) : answer);
    used?.add(index);
  }
};

/** The field that leads to entities, up to the first list. */
const stemOf = (path: Path): string[] => {
  const stem: string[] = [];
  for (const segment of path) {
    if (segment.kind === 'each') break;
    if (segment.kind === 'field') stem.push(segment.name);
  }
  return stem;
};

/** Where an error belongs that concerns all entities of some batches. */
const stemsOf = (batches: readonly EntityBatch[]): Place[] => {
  const stems = batches.flatMap(({ paths }) => paths.map(stemOf));
  return [...new Map(stems.map((stem) => [stem.join('.'), stem])).values()];
};

/** Every place in the answer that an error of a subgraph concerns. */
const placesOfError = (
  error: SubgraphError,
  batches: readonly CompiledBatch[],
  gathered: readonly Gathered[],
  places: readonly (readonly Place[])[],
): Place[] => {
  const [alias, index, ...rest] = pathOf(error) ?? [];
  const at = batches.findIndex((batch) => batch.alias === alias);
  const { indices } = gathered[at] ?? { indices: [] };
  const found = indices.flatMap((representation, place) => {
    const one = representation === index ? places[at]?.[place] : undefined;
    return one ? [[...one, ...rest]] : [];
  });
  return found.length > 0 ? found : stemsOf(at < 0 ? batches : batches.slice(at, at + 1));
};

const noteHalf = (run: Run, subgraph: string, batch: EntityBatch): void => {
  const message = failureMessage(subgraph, 'SUBGRAPH_GARBAGE');
  for (const stem of stemsOf([batch]))
    noteError(run, subgraph, { message, extensions: { code: 'SUBGRAPH_GARBAGE' } }, stem);
};

/** False when the answer is not of what was asked. */
const takeBatch = (
  { outputRewrites }: CompiledBatch,
  found: Gathered,
  answered: unknown,
  isOfType: IsOfType,
): boolean => {
  if (!Array.isArray(answered) || answered.length !== found.representations.length) return false;
  if (outputRewrites.length > 0) applyRewrites(answered, outputRewrites);
  spread(found, answered, isOfType);
  return true;
};

const takeEntities = (
  run: Run,
  subgraph: string,
  batches: readonly CompiledBatch[],
  gathered: readonly Gathered[],
  answer: SubgraphAnswer,
  isOfType: IsOfType,
): void => {
  const { data, errors } = answer;
  noteExtensions(run, answer);
  // Found before anything is merged, because what is merged must not be found.
  const places = errors?.length
    ? batches.map(({ paths }) => paths.flatMap((path) => placesOf(run.data, path)))
    : [];
  for (const [at, batch] of batches.entries()) {
    const found = gathered[at];
    const isTaken = found && takeBatch(batch, found, isData(data) ? data[batch.alias] : null, isOfType);
    // Nulls that nobody explains would be taken for the truth.
    if (!isTaken && !errors?.length) noteHalf(run, subgraph, batch);
  }
  for (const error of errors ?? []) {
    for (const place of placesOfError(error, batches, gathered, places))
      noteError(run, subgraph, error, place);
  }
};

const noteEntityTags = (run: Run, { subgraph, keeping }: Subquery, gathered: readonly Gathered[]): void => {
  if (!keeping.isOwn) {
    noteTags(run, tagsOfMixed(subgraph));
    return;
  }
  for (const { representations } of gathered)
    for (const one of representations) noteTags(run, tagsOfEntity(subgraph, one));
};

/** Asks a subgraph for what it knows of entities that others have answered, each of them once. */
export const entitiesStep = (
  node: Extract<PlanNode, { kind: 'entities' }>,
  { isOfType, keepingOf }: Compiling,
): Step => {
  const { fetch } = node;
  const [first, ...others] = node.batches;
  const subquery = createSubquery({
    ...fetch,
    kind: fetch.operation,
    keeping: keepingOf(fetch.text),
    entities: first && others.length === 0 ? { variable: first.variable, alias: first.alias } : null,
  });
  const batches = node.batches.map((batch) => ({
    ...batch,
    represent: representationOf(batch, isOfType),
    identify: identityOf(batch),
  }));
  return (run) => {
    const gathered = batches.map((batch) => gather(run, batch));
    if (gathered.every(({ representations }) => representations.length === 0)) return;
    const transport = run.transports.get(fetch.subgraph);
    if (!transport) throw new Error(`The plan asks the subgraph ${fetch.subgraph}, which is not there.`);
    if (run.tags) noteEntityTags(run, subquery, gathered);
    const variables = pick(run.values, fetch.variables);
    for (const [at, { variable }] of batches.entries()) {
      variables[variable] = gathered[at]?.representations ?? [];
    }
    return after(transport.fetch(subquery, variables, run.call), (answer) =>
      takeEntities(run, fetch.subgraph, batches, gathered, answer, isOfType),
    );
  };
};
