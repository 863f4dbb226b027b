import { type ASTVisitor, type FieldNode, Kind, visit } from 'graphql';
import type { Values } from './prepared.ts';
import { responseName, type Single } from './prune.ts';

/** Every object has these already, so that a value which is missing would seem to be there. */
const taken = new Set(Object.getOwnPropertyNames(Object.prototype));

/** What a planner calls a field that it needs beside the same with other arguments. */
const plannersField = /^_internal_qp_alias_/;

/** What planners call the entities that they ask a subgraph for. */
const plannersVariable = /^(representations|__batch_reps_\d+)$/;

/** An operation whose names get in nobody's way, and what the client calls what had to be renamed. */
export type SafelyNamed = Single & {
  readonly clientName: (name: string) => string;
  readonly safeValues: (values: Values) => Values;
};

const through = ({ operation, fragments }: Single, visitor: ASTVisitor): Single => ({
  operation: visit(operation, visitor),
  fragments: new Map([...fragments].map(([name, fragment]) => [name, visit(fragment, visitor)])),
});

const fieldsOf = (single: Single): FieldNode[] => {
  const fields: FieldNode[] = [];
  through(single, { [Kind.FIELD]: (node) => void fields.push(node) });
  return fields;
};

/** Names that are not among those there are, for some of them. */
const othersFor = (dangerous: Iterable<string>, names: Set<string>): Map<string, string> => {
  const safeNames = new Map<string, string>();
  for (const name of dangerous) {
    let safe = `safe_${name}`;
    while (names.has(safe)) safe += '_';
    names.add(safe);
    safeNames.set(name, safe);
  }
  return safeNames;
};

const withSafeFields = (
  single: Single,
  toldFields: ReadonlyMap<string, boolean>,
): Omit<SafelyNamed, 'safeValues'> => {
  const isDangerous = (node: FieldNode): boolean => {
    const name = responseName(node);
    if (taken.has(name)) return true;
    // With arguments it may be another value than the one that is told.
    const hasArguments = toldFields.get(name) === true || (node.arguments?.length ?? 0) > 0;
    if (name === node.name.value) return toldFields.has(name) && hasArguments;
    return name === '__typename' || toldFields.has(name) || plannersField.test(name);
  };
  const fields = fieldsOf(single);
  const safeNames = othersFor(
    new Set(fields.filter(isDangerous).map(responseName)),
    new Set(fields.map(responseName)),
  );
  if (safeNames.size === 0) return { ...single, clientName: (name) => name };
  const clientNames = new Map([...safeNames].map(([name, safe]) => [safe, name]));
  const rename = (node: FieldNode): FieldNode | undefined => {
    const safe = isDangerous(node) ? safeNames.get(responseName(node)) : undefined;
    return safe === undefined ? undefined : { ...node, alias: { kind: Kind.NAME, value: safe } };
  };
  return {
    ...through(single, { [Kind.FIELD]: rename }),
    clientName: (name) => clientNames.get(name) ?? name,
  };
};

const withSafeVariables = (single: Single): Single & Pick<SafelyNamed, 'safeValues'> => {
  const names = (single.operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  const safeNames = othersFor(
    names.filter((name) => plannersVariable.test(name)),
    new Set(names),
  );
  if (safeNames.size === 0) return { ...single, safeValues: (values) => values };
  const nameOf = (name: string): string => safeNames.get(name) ?? name;
  const renamed = through(single, {
    [Kind.VARIABLE]: (node) => ({ ...node, name: { ...node.name, value: nameOf(node.name.value) } }),
  });
  return {
    ...renamed,
    safeValues: (values) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [nameOf(name), value])),
  };
};

/**
 * Gives other names on the way to fields that answer as `__proto__`, `constructor` and their like, to those that
 * answer under the name of a field that subgraphs are told, and to variables that planners have for themselves:
 * they would take the one for the other.
 */
export const withSafeNames = (single: Single, toldFields: ReadonlyMap<string, boolean>): SafelyNamed => {
  const { safeValues, ...safe } = withSafeVariables(single);
  return { ...withSafeFields(safe, toldFields), safeValues };
};
