import { tagsOfEntity, tagsOfMixed } from '../cache/tags.ts';
import type { EntityBatch, Path, PlanNode } from '../plan/planner.ts';
import { failureMessage } from '../reach/failure.ts';
import { createSubquery } from '../reach/subquery.ts';
import type { SubgraphAnswer, SubgraphError, Subquery } from '../reach/transport.ts';
import { copyOf, mergeInto } from './merge.ts';
import { identityOf, representationOf } from './representation.ts';
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
  const found = (entity: Data): void => {
    gathered.entities.push(entity);
    const representation = represent(entity);
    if (representation === null) {
      gathered.indices.push(-1);
      return;
    }
    const identity = identify(representation);
    let index = known.get(identity);
    if (index === undefined) {
      index = gathered.representations.push(representation) - 1;
      known.set(identity, index);
    }
    gathered.indices.push(index);
  };
  for (const path of paths) visit(run.data, path, found);
  return gathered;
};

const isNested = (entity: Data): boolean => {
  for (const key in entity) if (isData(entity[key])) return true;
  return false;
};

/** Adds each answered entity to all the objects that stand for it. */
const spread = ({ representations, indices, entities }: Gathered, answered: readonly unknown[]): void => {
  const used = representations.length < entities.length ? new Set<number>() : null;
  for (let place = 0; place < entities.length; place += 1) {
    const index = indices[place] ?? -1;
    const answer = answered[index];
    const entity = entities[place];
    if (!isData(answer) || !entity) continue;
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
  if (at < 0 || typeof index !== 'number') return stemsOf(at < 0 ? batches : batches.slice(at, at + 1));
  const { indices } = gathered[at] ?? { indices: [] };
  return indices.flatMap((representation, place) => {
    const found = representation === index ? places[at]?.[place] : undefined;
    return found ? [[...found, ...rest]] : [];
  });
};

const noteHalf = (run: Run, subgraph: string, batch: EntityBatch): void => {
  const message = failureMessage(subgraph, 'SUBGRAPH_GARBAGE');
  for (const stem of stemsOf([batch]))
    noteError(run, subgraph, { message, extensions: { code: 'SUBGRAPH_GARBAGE' } }, stem);
};

const takeEntities = (
  run: Run,
  subgraph: string,
  batches: readonly CompiledBatch[],
  gathered: readonly Gathered[],
  answer: SubgraphAnswer,
): void => {
  const { data, errors } = answer;
  noteExtensions(run, answer);
  // Found before anything is merged, because what is merged must not be found.
  const places = errors?.length
    ? batches.map(({ paths }) => paths.flatMap((path) => placesOf(run.data, path)))
    : [];
  for (const [at, batch] of batches.entries()) {
    const answered = isData(data) ? data[batch.alias] : null;
    const found = gathered[at];
    if (!found) continue;
    if (!Array.isArray(answered) || answered.length !== found.representations.length) {
      // Nulls that nobody explains would be taken for the truth.
      if (!errors?.length) noteHalf(run, subgraph, batch);
      continue;
    }
    if (batch.outputRewrites.length > 0) applyRewrites(answered, batch.outputRewrites);
    spread(found, answered);
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
    if (gathered.every(({ representations }) => representations.length === 0)) return null;
    const transport = run.transports.get(fetch.subgraph);
    if (!transport) throw new Error(`The plan asks the subgraph ${fetch.subgraph}, which is not there.`);
    if (run.tags) noteEntityTags(run, subquery, gathered);
    const variables = pick(run.values, fetch.variables);
    for (const [at, { variable }] of batches.entries()) {
      variables[variable] = gathered[at]?.representations ?? [];
    }
    return transport
      .fetch(subquery, variables, run.call)
      .then((answer) => takeEntities(run, fetch.subgraph, batches, gathered, answer));
  };
};
