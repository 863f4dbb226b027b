import type { SubgraphAnswer, Subquery } from '../reach/transport.ts';
import { type Asked, extensionsOfKept, holdsUntilOf, isClean, type KeptPart, keep, scopeOf } from './kept.ts';
import { tagsOfEntity, tagsOfMixed } from './tags.ts';

type Representation = Readonly<Record<string, unknown>>;
type Entities = NonNullable<Subquery['entities']>;

/** The entities of a question: the key each is kept under, and its text where it is kept. */
type Looked = {
  readonly representations: readonly Representation[];
  readonly keys: readonly string[];
  readonly known: readonly (KeptPart | undefined)[];
  /** The places of those that are to be asked for. */
  readonly missing: readonly number[];
};

const look = ({ transport, store, subquery, variables, call }: Asked, { variable }: Entities): Looked => {
  const { [variable]: given, ...others } = variables;
  const representations = given as readonly Representation[];
  const prefix = `${transport.name} ${subquery.text} ${scopeOf({ subquery, call })} ${JSON.stringify(others)} `;
  const keys = representations.map((one) => prefix + JSON.stringify(one));
  const known = keys.map((key) => store.read(key));
  return { representations, keys, known, missing: [...keys.keys()].filter((at) => known[at] === undefined) };
};

/** Until when those that were kept hold, all of them. */
const holdsUntilOfKnown = ({ known }: Looked): number =>
  known.reduce(
    (least, part) => Math.min(least, part?.holdsUntil ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );

/** All entities in their places: those that were kept, and those that were asked for. */
const together = ({ known, missing }: Looked, fresh: readonly unknown[]): unknown[] => {
  const all: unknown[] = JSON.parse(`[${known.map((part) => part?.text ?? 'null').join()}]`);
  for (const [at, place] of missing.entries()) all[place] = fresh[at] ?? null;
  return all;
};

const keepFresh = (
  asked: Asked,
  looked: Looked,
  fresh: readonly unknown[],
  about: { readonly since: number; readonly holdsUntil: number },
): void => {
  const { name } = asked.transport;
  for (const [at, place] of looked.missing.entries()) {
    const representation = looked.representations[place] ?? {};
    const tags = asked.subquery.keeping.isOwn ? tagsOfEntity(name, representation) : tagsOfMixed(name);
    keep(asked, looked.keys[place] ?? '', fresh[at], { tags, ...about });
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
  const keptUntil = holdsUntilOfKnown(looked);
  if (missing.length === 0) {
    return { data: { [alias]: together(looked, []) }, extensions: extensionsOfKept(keptUntil) };
  }

  const since = store.moment();
  const askedAt = Date.now();
  const wanted = missing.map((at) => representations[at]);
  const answer = await transport.fetch(subquery, { ...variables, [variable]: wanted }, call);
  const holdsUntil = holdsUntilOf(answer, askedAt);
  const given = (answer.data as Representation | null | undefined)?.[alias];
  const fresh: readonly unknown[] = Array.isArray(given) ? given : [];
  if (isClean(answer) && fresh.length === missing.length) {
    keepFresh(asked, looked, fresh, { since, holdsUntil });
  }
  if (missing.length === representations.length) return answer;
  const errors = placed(answer.errors, entities, looked);
  const extensions = { ...answer.extensions, ...extensionsOfKept(Math.min(keptUntil, holdsUntil)) };
  return { ...answer, data: { [alias]: together(looked, fresh) }, ...(errors && { errors }), extensions };
};
