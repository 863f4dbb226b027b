import { type FieldNode, Kind, visit } from 'graphql';
import { responseName, type Single } from './prune.ts';

/** Every object has these already, so that a value which is missing would seem to be there. */
const taken = new Set(Object.getOwnPropertyNames(Object.prototype));

/** An operation whose response names can be used as keys of plain objects, and what the client calls them. */
export type SafelyNamed = Single & { readonly clientName: (name: string) => string };

const fieldsOf = ({ operation, fragments }: Single): FieldNode[] => {
  const fields: FieldNode[] = [];
  const note = { [Kind.FIELD]: (node: FieldNode) => void fields.push(node) };
  visit(operation, note);
  for (const fragment of fragments.values()) visit(fragment, note);
  return fields;
};

/** What a planner calls a field that it needs beside the same with other arguments. */
const plannersOwn = /^_internal_qp_alias_/;

/**
 * Gives fields another name on the way that answer as `__proto__`, `constructor` and their like, or under the name of
 * a field that subgraphs are told: planners would take the one for the other.
 */
export const withSafeNames = (single: Single, toldFields: ReadonlySet<string>): SafelyNamed => {
  const isDangerous = (node: FieldNode): boolean => {
    const name = responseName(node);
    if (taken.has(name)) return true;
    if (name === node.name.value) return false;
    return name === '__typename' || toldFields.has(name) || plannersOwn.test(name);
  };
  const fields = fieldsOf(single);
  const names = new Set(fields.map(responseName));
  const dangerous = new Set(fields.filter(isDangerous).map(responseName));
  if (dangerous.size === 0) return { ...single, clientName: (name) => name };

  const clientNames = new Map<string, string>();
  const safeNames = new Map<string, string>();
  for (const name of dangerous) {
    let safe = `safe_${name}`;
    while (names.has(safe)) safe += '_';
    names.add(safe);
    clientNames.set(safe, name);
    safeNames.set(name, safe);
  }
  const rename = {
    [Kind.FIELD]: (node: FieldNode) => {
      const safe = isDangerous(node) ? safeNames.get(responseName(node)) : undefined;
      return safe === undefined ? undefined : { ...node, alias: { kind: Kind.NAME, value: safe } };
    },
  };
  return {
    operation: visit(single.operation, rename),
    fragments: new Map([...single.fragments].map(([name, fragment]) => [name, visit(fragment, rename)])),
    clientName: (name) => clientNames.get(name) ?? name,
  };
};
