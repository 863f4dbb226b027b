import type { SubgraphAnswer, Subquery } from '../reach/transport.ts';
import { type Asked, isClean, keep, scopeOf } from './kept.ts';
import { tagsOfEntity, tagsOfMixed } from './tags.ts';

type Representation = Readonly<Record<string, unknown>>;
type Entities = NonNullable<Subquery['entities']>;

/** The entities of a question: the key each is kept under, and its text where it is kept. */
type Looked = {
  readonly representations: readonly Representation[];
  readonly keys: readonly string[];
  readonly known: readonly (string | undefined)[];
  /** The places of those that are to be asked for. */
  readonly missing: readonly number[];
};

const look = ({ transport, store, subquery, variables, call }: Asked, { variable }: Entities): Looked => {
  const { [variable]: given, ...others } = variables;
  const representations = given as readonly Representation[];
  const prefix = `${transport.name} ${subquery.text} ${scopeOf(call.viewer)} ${JSON.stringify(others)} `;
  const keys = representations.map((one) => prefix + JSON.stringify(one));
  const known = keys.map((key) => store.read(key));
  return { representations, keys, known, missing: [...keys.keys()].filter((at) => known[at] === undefined) };
};

/** All entities in their places: those that were kept, and those that were asked for. */
const together = ({ known, missing }: Looked, fresh: readonly unknown[]): unknown[] => {
  const all: unknown[] = JSON.parse(`[${known.map((text) => text ?? 'null').join()}]`);
  for (const [at, place] of missing.entries()) all[place] = fresh[at] ?? null;
  return all;
};

const keepFresh = (asked: Asked, looked: Looked, fresh: readonly unknown[], since: number): void => {
  const { name } = asked.transport;
  for (const [at, place] of looked.missing.entries()) {
    const representation = looked.representations[place] ?? {};
    const tags = asked.subquery.keeping.isOwn ? tagsOfEntity(name, representation) : tagsOfMixed(name);
    keep(asked, looked.keys[place] ?? '', fresh[at], { tags, since });
  }
};

/** Errors about some of the entities, told by their places among all. */
const placed = (errors: SubgraphAnswer['errors'], { alias }: Entities, { missing }: Looked) =>
  errors?.map((error) => {
    const [field, index, ...rest] = error.path ?? [];
    const place = typeof index === 'number' ? missing[index] : undefined;
    return field === alias && place !== undefined ? { ...error, path: [field, place, ...rest] } : error;
  });

/** Asks for those entities that are not kept. */
export const fetchEntities = async (asked: Asked, entities: Entities): Promise<SubgraphAnswer> => {
  const { transport, store, subquery, variables, call } = asked;
  const { variable, alias } = entities;
  const looked = look(asked, entities);
  const { representations, missing } = looked;
  if (missing.length === 0) return { data: { [alias]: together(looked, []) } };

  const since = store.moment();
  const wanted = missing.map((at) => representations[at]);
  const answer = await transport.fetch(subquery, { ...variables, [variable]: wanted }, call);
  const given = (answer.data as Representation | null | undefined)?.[alias];
  const fresh: readonly unknown[] = Array.isArray(given) ? given : [];
  if (isClean(answer) && fresh.length === missing.length) keepFresh(asked, looked, fresh, since);
  if (missing.length === representations.length) return answer;
  const errors = placed(answer.errors, entities, looked);
  return { ...answer, data: { [alias]: together(looked, fresh) }, ...(errors && { errors }) };
};
